import {createProgressBar} from '../../tools/progress.mjs';

/**
 * `model.fit` with a progress bar that shows loss and accuracy.
 *
 * @returns {Promise<{batchLoss: number[], testAccuracy: number[], seconds: number}>} the loss of
 *     each training step; the accuracy on the test digits after each epoch
 */
export async function trainWithProgress({title, model, train, test, epochs, batchSize}) {
  const batches = Math.ceil(train.images.shape[0] / batchSize);
  const bar = createProgressBar(
    `${title} {bar} epoch {epoch}/${epochs}, loss {loss}, accuracy {accuracy}, {eta} s left`,
  );
  const batchLoss = [];
  const start = performance.now();
  bar.start(batches * epochs, 0, {epoch: 1, loss: '–', accuracy: '–'});

  const history = await model.fit(train.images, train.labels, {
    epochs,
    batchSize,
    shuffle: false, // the same order for both networks
    validationData: [test.images, test.labels],
    verbose: 0,
    callbacks: {
      onEpochBegin: (epoch) => bar.update({epoch: epoch + 1}),
      onBatchEnd: (_, {loss, acc}) => {
        batchLoss.push(loss);
        bar.increment({loss: loss.toFixed(3), accuracy: `${(100 * acc).toFixed(0)} %`});
      },
    },
  });

  bar.stop();
  return {
    batchLoss,
    testAccuracy: history.history.val_acc,
    seconds: (performance.now() - start) / 1000,
  };
}
