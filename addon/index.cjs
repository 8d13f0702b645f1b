// The compiled addon: from build/Release, or else from prebuilds/<platform>-<architecture>.
module.exports = require('node-gyp-build')(__dirname);
