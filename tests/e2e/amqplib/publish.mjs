// Publishes the lines of standard input, each as one message with the id
// PREFIX-N, and ends when the broker has confirmed them all.
//
//   node publish.mjs URL EXCHANGE PREFIX < messages
import {createInterface} from 'node:readline';
import amqp from 'amqplib';

const [url, exchange, prefix] = process.argv.slice(2);
const connection = await amqp.connect(url);
const channel = await connection.createConfirmChannel();
channel.on('return', (message) => {
  console.error(`not routed: ${message.properties.messageId}`);
  process.exitCode = 1;
});
let number = 0;
for await (const line of createInterface({input: process.stdin})) {
  channel.publish(exchange, '', Buffer.from(line), {
    messageId: `${prefix}-${number++}`,
    contentType: 'application/json',
    persistent: true,
    mandatory: true,
  });
}
await channel.waitForConfirms();
await connection.close();
