//! The one call the bench makes: `plus` of the seed's demo 6.

/// `{"function_name": "plus", "parameters": [1, 2, 2, 3, 3, 4, 2, 3, -1]}`, as
/// Python's msgpack packs it.
pub const REQUEST: &[u8] =
    b"\x82\xadfunction_name\xa4plus\xaaparameters\x99\x01\x02\x02\x03\x03\x04\x02\x03\xff";

/// 19, packed.
pub const ANSWER: &[u8] = b"\x13";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_the_sum_of_the_parameters_in_the_request() {
        let items = REQUEST
            .split(|&byte| byte == 0x99)
            .nth(1)
            .expect("an array of nine");
        let sum: i8 = items.iter().map(|&byte| byte.cast_signed()).sum();
        assert_eq!(items.len(), 9);
        assert_eq!(ANSWER, [sum.cast_unsigned()]);
    }
}
