/** Stands for `@jest/expect` in circus: `expect` without the snapshots, which need files. */
export {expect as jestExpect} from 'expect';
