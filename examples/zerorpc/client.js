// Calls server.php with zerorpc for Node. Its package builds on today's Node with a later zeromq:
//
//     "dependencies": { "zerorpc": "0.9.8" }, "overrides": { "zeromq": "5.3.1" }
'use strict';

const zerorpc = require('zerorpc');

const client = new zerorpc.Client();
client.on('error', (error) => console.error(error));
client.connect(process.argv[2] || 'tcp://127.0.0.1:4242');

client.invoke('hello', 'Node', (error, greeting) => {
    console.log(error ? error.message : greeting);

    client.invoke('squares', 1, 5, (error, square, more) => {
        if (more) {
            console.log(square);
            return;
        }
        client.invoke('goodbye', (error) => {
            console.log(`${error.name}: ${error.message}`);
            client.close();
        });
    });
});
