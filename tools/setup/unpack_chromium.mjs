/**
 * Unpacks the Chromium of the npm package @sparticuz/chromium, and prints the path of its binary.
 * A process of its own, because the package unpacks into TMPDIR and changes the environment.
 *
 *     TMPDIR=folder AWS_LAMBDA_JS_RUNTIME=nodejs20.x node unpack_chromium.mjs
 *
 * The second variable has it unpack the shared libraries too that a bare machine lacks.
 */
import chromium from '@sparticuz/chromium';

console.log(await chromium.executablePath());
