/**
 * Bundles as React Native does, with its configuration of Metro, but for the parts of React Native
 * itself, so that a page can run the bundle.
 */
const {getDefaultConfig} = require('@react-native/metro-config');
const Metro = require('metro');

async function main() {
  const config = getDefaultConfig(__dirname);
  config.serializer.getModulesRunBeforeMainModule = () => [];
  config.resolver.platforms = ['ios', 'android'];
  const out = 'bundle.js';
  await Metro.runBuild(config, {
    entry: 'index.js',
    out,
    platform: 'android',
    dev: false,
    minify: false,
  });
}

main().catch(({message}) => {
  console.error(message);
  process.exit(1);
});
