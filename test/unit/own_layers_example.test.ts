/** The example `npm run example:own-layers`: one class of each layer opens both formats. */
import {spawnSync} from 'node:child_process';
import path from 'node:path';

test('layers of an author give the values of Keras, from .keras and from .h5', () => {
  const root = path.resolve(__dirname, '../..');
  const file = path.join(root, 'examples/own_layers.mjs');
  const {status, stdout, stderr} = spawnSync(process.execPath, [file], {
    cwd: root,
    encoding: 'utf8',
  });
  expect({status, stderr}).toEqual({status: 0, stderr: ''});
  for (const format of ['keras', 'h5']) {
    expect(stdout).toMatch(
      new RegExp(`review_transformer\\.${format}: .*TransformerBlock.* at most \\de-[789] from`),
    );
  }
}, 120_000);
