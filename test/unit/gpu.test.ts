/** Which renderers count as a GPU: names as browsers and drivers give them. */
import {evaluate} from '../support/evaluate.js';

const NVIDIA = 'ANGLE (NVIDIA, Vulkan 1.3.277 (NVIDIA NVIDIA H100 PCIe (0x00002331)), NVIDIA)';
const APPLE = 'ANGLE (Apple, ANGLE Metal Renderer: Apple M4, Unspecified Version)';

/** WebGL's renderer, WebGPU's adapter, and what the reason must name where they are no GPU's. */
const CASES: [webgl: string, webgpu: string, reason: RegExp | null][] = [
  [NVIDIA, 'nvidia hopper', null],
  [APPLE, 'apple metal-3', null],
  ['Mesa Intel(R) UHD Graphics 620 (KBL GT2)', 'intel gen-9', null],
  ['AMD Radeon RX 7900 XTX (radeonsi, navi31, LLVM 15.0.6)', 'amd rdna-3', null],
  ['ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)', '', /WebGL/],
  ['llvmpipe (LLVM 15.0.6, 256 bits)', 'nvidia hopper', /WebGL/],
  ['ANGLE (Microsoft, Microsoft Basic Render Driver, D3D11)', '', /WebGL/],
  [NVIDIA, 'google swiftshader', /WebGPU/],
  [NVIDIA, 'mesa llvmpipe (LLVM 15.0.6, 256 bits)', /WebGPU/],
  [NVIDIA, '', /WebGPU has no adapter/],
  ['', 'nvidia hopper', /WebGL 2 has no renderer/],
];

test('renderers in software are told from those of a GPU', () => {
  const given = CASES.map(([webgl, webgpu]) => ({webgl, webgpu}));
  const reasons = evaluate(
    "import {softwareReason} from './tools/gpu.mjs';",
    `[...${JSON.stringify(given)}, {webgl: '${APPLE}', webgpu: 'apple', isFallback: true}].map(softwareReason)`,
  ) as (string | null)[];
  for (const [i, [, , reason]] of CASES.entries()) {
    if (reason) expect(reasons[i]).toMatch(reason);
    else expect(reasons[i]).toBeNull();
  }
  expect(reasons.at(-1)).toMatch(/WebGPU runs in software/);
});
