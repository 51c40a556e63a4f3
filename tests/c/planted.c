/* Two mistakes on purpose: the checkers must find them, or they are not on. */
#include <stdio.h>
#include <string.h>

#include <zroute.h>

int main(int argc, char **argv)
{
    const char *mistake = argc > 1 ? argv[1] : "";
    zroute_writer *writer;
    const void *data;
    size_t size;

    zroute_writer_new(&writer);
    zroute_writer_text(writer, "borrowed");
    zroute_writer_bytes(writer, &data, &size);
    if (strcmp(mistake, "leak") != 0) {
        zroute_writer_free(writer);
    }
    if (strcmp(mistake, "use-after-free") == 0) {
        printf("%d\n", *(const char *)data);
    }
    return 0;
}
