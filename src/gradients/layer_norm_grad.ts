/**
 * The gradient of the kernel `LayerNormGrad`, so that the gradient of the gradient exists.
 *
 * Within a row of n numbers, let ⟨v⟩ = Σv/n and P(v) = v − ⟨v⟩ − x̂·⟨v·x̂⟩, the part of v that
 * neither shifts nor scales x. The kernel computes, with g = γ·dy,
 *
 *     dx = r·P(g)        dγ = Σ dy·x̂        dβ = Σ dy        (Σ over the rows)
 *
 * Given the gradients v, vγ, vβ of a loss with respect to dx, dγ, dβ, and since P is symmetric:
 *
 *     with respect to γ    Σ dy·r·P(v)
 *     with respect to dy   γ·r·P(v) + vγ·x̂ + vβ
 *     with respect to x    r·P(vγ·dy) − r²·(x̂·(⟨v·g⟩ − ⟨v⟩⟨g⟩ − ⟨v·x̂⟩⟨g·x̂⟩)
 *                                           + ⟨g·x̂⟩·P(v) + ⟨v·x̂⟩·P(g))
 *
 * The last follows from n·⟨v·P(g)⟩ = n·(⟨v·g⟩ − ⟨v⟩⟨g⟩ − ⟨v·x̂⟩⟨g·x̂⟩) with ∂r/∂x = −r²·x̂/n and
 * ∂⟨v·x̂⟩/∂x = r·P(v)/n. Without centring the terms ⟨v⟩ and ⟨g⟩ fall away.
 *
 * All is composed of tfjs's ops, from x itself, so that further gradients exist as well.
 */
import * as tf from '@tensorflow/tfjs-core';
import {type LayerNormAttrs, LayerNormGrad} from '../kernels/contract.js';
import {isAbsent} from '../kernels/placeholder.js';

export const layerNormGradGradient: tf.GradConfig = {
  kernelName: LayerNormGrad,
  inputsToSave: ['dy', 'x', 'stats', 'gamma'],
  gradFunc: (upstream, saved, attrs) => {
    const {center, epsilon} = attrs as unknown as LayerNormAttrs;
    const [v, vgamma, vbeta] = upstream as tf.Tensor[]; // as x, [cols], [cols]
    const [dy, x, stats, savedGamma] = saved;
    const gamma = isAbsent(savedGamma) ? tf.scalar(1) : savedGamma;

    const rowMean = (a: tf.Tensor) => tf.mean(a, -1, true); // [..., cols] to [..., 1]
    const centered = (a: tf.Tensor) => (center ? tf.sub(a, rowMean(a)) : a);

    // About x₀, as the kernels do: the mean is then taken of numbers as small as their spread. The
    // saved statistics will not do in its place, since further gradients lead through them to x.
    const x0 = tf.slice(x, 0, [...x.shape.slice(0, -1), 1]);
    const deviation = center ? centered(tf.sub(x, x0)) : x;
    const variance = tf.add(rowMean(tf.square(deviation)), epsilon);
    // 0 where the variance is 0 (step), by ops that can be differentiated (not equal and where).
    const rstd = tf.mul(tf.step(variance), tf.rsqrt(tf.maximum(variance, 1e-37)));
    const xhat = tf.mul(deviation, rstd);

    const project = (a: tf.Tensor) => tf.sub(centered(a), tf.mul(xhat, rowMean(tf.mul(a, xhat))));
    const sumOverRows = (a: tf.Tensor) => tf.sum(tf.reshape(a, [-1, vgamma.size]), 0);

    return {
      dy: () =>
        tf.add(tf.add(tf.mul(gamma, tf.mul(rstd, project(v))), tf.mul(vgamma, xhat)), vbeta),
      gamma: () =>
        isAbsent(savedGamma)
          ? tf.zerosLike(savedGamma)
          : sumOverRows(tf.mul(dy, tf.mul(rstd, project(v)))),
      x: () => {
        const g = tf.mul(gamma, dy);
        const meanVXhat = rowMean(tf.mul(v, xhat));
        const meanGXhat = rowMean(tf.mul(g, xhat));
        const covariance = tf.sub(
          rowMean(tf.mul(centered(v), centered(g))),
          tf.mul(meanVXhat, meanGXhat),
        );
        const throughRstd = tf.mul(xhat, covariance);
        const throughXhat = tf.add(tf.mul(meanGXhat, project(v)), tf.mul(meanVXhat, project(g)));
        return tf.mul(
          rstd,
          tf.sub(project(tf.mul(vgamma, dy)), tf.mul(rstd, tf.add(throughRstd, throughXhat))),
        );
      },
      // The statistics are a function of x, whose gradient above includes theirs.
      stats: () => tf.zerosLike(stats),
    };
  },
};
