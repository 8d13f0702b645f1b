/** Chromium on the machine's own GPU, for `npm test -- --gpu` and `npm run bench -- --gpu`. */
import {ANGLE_VARIABLE, launchOptions, recordedBrowser} from './browser.mjs';
import {serve} from './server.mjs';
import {UserError} from './shell.mjs';

/** The backends of the machine's own GPU. @type {readonly import('./backends.mjs').Backend[]} */
export const GPU_BACKENDS = ['webgl', 'webgpu'];

/** By what ANGLE may reach a GPU, the preferred one first. */
const WAYS = ['vulkan', 'gl-egl'];

/** Names of renderers that compute on the processor: of Google, Mesa, Microsoft, and in general. */
const SOFTWARE =
  /swiftshader|llvmpipe|lavapipe|softpipe|swrast|basic render|\bwarp\b|software|\bcpu\b/i;

/**
 * What a browser says of its renderers; '' where it has none, or gives no name.
 *
 * @typedef {{webgl: string, webgpu: string, isFallback?: boolean}} Renderers
 */

/**
 * Why these renderers are not a GPU's; null where they are.
 *
 * @param {Renderers} renderers
 * @returns {string | null}
 */
export function softwareReason({webgl, webgpu, isFallback = false}) {
  if (!webgl) return 'WebGL 2 has no renderer';
  if (SOFTWARE.test(webgl)) return `WebGL is rendered in software (${webgl})`;
  if (!webgpu) return 'WebGPU has no adapter';
  if (isFallback || SOFTWARE.test(webgpu)) return `WebGPU runs in software (${webgpu})`;
  return null;
}

/**
 * Looks for the GPU, and has every Chromium that this process and its children launch render on it.
 *
 * @returns {Promise<string>} the device's name
 * @throws {UserError} There is none that Chromium can use; a renderer in software counts as none.
 */
export async function useGpu() {
  const reasons = [];
  for (const angle of WAYS) {
    const renderers = await renderersWith(angle).catch((error) => String(error).split('\n')[0]);
    const reason = typeof renderers === 'string' ? renderers : softwareReason(renderers);
    if (typeof renderers !== 'string' && reason === null) {
      process.env[ANGLE_VARIABLE] = angle;
      return renderers.webgl;
    }
    reasons.push(`${angle}: ${reason}`);
  }
  throw new UserError(
    `--gpu: this machine has no GPU that Chromium can render on.\n  ${reasons.join('\n  ')}`,
    'install the driver of the GPU with its Vulkan or EGL library, or leave --gpu out, which renders ' +
      'in software.',
  );
}

/**
 * @param {string} angle
 * @returns {Promise<Renderers>}
 */
async function renderersWith(angle) {
  const {chromium} = await import('playwright-core');
  const server = await serve(() => '<!doctype html><title>check</title>');
  const browser = await chromium.launch(launchOptions(recordedBrowser(), angle));
  try {
    const page = await browser.newPage();
    await page.goto(server.origin);
    return await page.evaluate(async () => {
      const gl = document.createElement('canvas').getContext('webgl2');
      const names = gl?.getExtension('WEBGL_debug_renderer_info');
      const adapter = await navigator.gpu?.requestAdapter();
      const info = adapter?.info;
      const parts = [info?.vendor, info?.architecture, info?.device, info?.description];
      return {
        webgl: String(gl?.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER) ?? ''),
        webgpu: parts.filter(Boolean).join(' '),
        isFallback: info?.isFallbackAdapter ?? false,
      };
    });
  } finally {
    await browser.close();
    await server.close();
  }
}
