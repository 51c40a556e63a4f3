// A server of zerorpc-node with the functions that the tests call: `zerorpc_server.js ENDPOINT [heartbeat=SECONDS]`.
// It knows no port 0.
'use strict';

const zerorpc = require('zerorpc');

const endpoint = process.argv[2];
const options = Object.fromEntries(process.argv.slice(3).map((argument) => argument.split('=')));

const server = new zerorpc.Server(
    {
        // It reads the arguments from the source, which has to say `function`.
        plus: function (one, two, reply) {
            reply(null, one + two);
        },
        echo: function (one, two, reply) {
            reply(null, [one, two]);
        },
        nap: function (milliseconds, reply) {
            setTimeout(() => reply(null, milliseconds), milliseconds);
        },
        fail: function (unused, reply) {
            const error = new Error('the account holds 3 €');
            error.name = 'NoMoney';
            reply(error);
        },
        count: function (number, reply) {
            for (let i = 0; i < number; i += 1) {
                reply(null, i, true);
            }
            reply();
        },
        stumble: function (number, reply) {
            for (let i = 0; i < number; i += 1) {
                reply(null, i, true);
            }
            const error = new Error('the account holds 3 €');
            error.name = 'NoMoney';
            reply(error);
        },
    },
    Number(options.heartbeat || 5) * 1000,
);
server.on('error', (error) => process.stderr.write(`server: ${error}\n`));
server.bind(endpoint);
process.stdout.write(`listening on ${endpoint}\n`);
// Whoever started it has gone.
process.stdin.on('end', () => process.exit()).resume();
