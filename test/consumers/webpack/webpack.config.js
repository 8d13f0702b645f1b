export default {
  entry: './main.js',
  optimization: {minimize: false}, // which would take longer than all the rest
  performance: {hints: false},
  stats: 'errors-warnings',
};
