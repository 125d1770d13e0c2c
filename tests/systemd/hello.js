// SPDX-License-Identifier: ISC
require('net').createServer(client => client.end('hello\n')).listen(8443);
