import Table from 'cli-table3';

/**
 * Prints a table in the terminal.
 *
 * @param {(string | number)[]} head
 * @param {(string | number)[][]} rows
 */
export function printTable(head, rows) {
  const table = new Table({head: head.map(String), style: {head: [], border: []}});
  table.push(...rows);
  console.log(`\n${table}\n`);
}
