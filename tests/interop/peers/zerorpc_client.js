// Clients of zerorpc-node that do what they are told on stdin, as zerorpc_client.py does.
'use strict';

const readline = require('readline');
const zerorpc = require('zerorpc');

const clients = new Map();

// The calls of one endpoint share a client, as a program's do.
function client(endpoint) {
    if (!clients.has(endpoint)) {
        clients.set(endpoint, connected(endpoint));
    }
    return clients.get(endpoint);
}

function connected(endpoint) {
    const made = new zerorpc.Client();
    made.on('error', (error) => process.stderr.write(`client: ${error}\n`));
    made.connect(endpoint);
    return made;
}

// How a call ended that did not end with an answer.
function endOf(error) {
    if (error.name === 'TimeoutExpired') {
        return { timeout: error.message };
    }
    if (error.name === 'HeartbeatError') {
        return { lost: error.message };
    }
    return { fault: [error.name, error.message, error.stack] };
}

function invoke(at, name, parameters, timeout = 30) {
    return new Promise((resolve) => {
        at.invoke({ timeout }, name, ...parameters, (error, answer, more) => resolve(error ? endOf(error) : { answer, more }));
    });
}

const ORDERS = {
    call: (order) => invoke(client(order.endpoint), order.function, order.arguments, order.timeout),

    // Tells how many items came, how many of them were their own number, and how it ended.
    stream: (order) =>
        new Promise((resolve) => {
            const told = { items: 0, in_order: 0, last: null };
            const options = { timeout: order.timeout || 30 };
            client(order.endpoint).invoke(options, order.function, ...order.arguments, (error, item, more) => {
                if (error) {
                    return resolve({ ...told, ...endOf(error) });
                }
                if (item !== undefined) {
                    told.in_order += item === told.items;
                    told.items += 1;
                    told.last = item;
                }
                return more ? undefined : resolve(told);
            });
        }),

    // So many clients, each of which makes calls and looks at every answer.
    crowd: async (order) => {
        const wrong = [];
        async function calls(number) {
            const at = connected(order.endpoint);
            for (let i = 0; i < order.each; i += 1) {
                const value = `node ${number} ${i}`;
                if (i % 10 === 9) {
                    const told = await counted(at, 20);
                    if (told !== 20) {
                        wrong.push(`${value}: ${told} items`);
                    }
                } else {
                    const told = await invoke(at, 'echo', [value, i]);
                    if (JSON.stringify(told.answer) !== JSON.stringify([value, i])) {
                        wrong.push(`${value}: ${JSON.stringify(told)}`);
                    }
                }
            }
            at.close();
        }
        await Promise.all([...Array(order.clients).keys()].map(calls));
        return { right: order.clients * order.each - wrong.length, wrong: wrong.slice(0, 5) };
    },
};

// How many items of a stream of so many came in order.
function counted(at, number) {
    return new Promise((resolve) => {
        let inOrder = 0;
        at.invoke('count', number, (error, item, more) => {
            if (item === inOrder) {
                inOrder += 1;
            }
            if (error || !more) {
                resolve(inOrder);
            }
        });
    });
}

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
    const order = JSON.parse(line);
    const told = await ORDERS[order.do](order);
    process.stdout.write(`${JSON.stringify({ number: order.number, ...told })}\n`);
}).on('close', () => process.exit());
