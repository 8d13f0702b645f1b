import Table from 'cli-table3';

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function printTable(head, rows) {
  const table = new Table({head, style: {head: [], border: []}});
  table.push(...rows);
  console.log(`\n${table}\n`);
}
