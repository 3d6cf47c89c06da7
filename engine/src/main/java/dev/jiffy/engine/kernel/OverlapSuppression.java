package dev.jiffy.engine.kernel;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.ref.Reference;
import java.util.Arrays;

/// Picks the boxes of highest score that do not overlap others, class by class: the suppression of
/// all but maxima.
///
/// Nearly no score of a detector counts, so that most of the time would go into looking at scores.
/// The greatest of each block of them is found first; only blocks where it counts are looked at.
public final class OverlapSuppression {
  /// The scores of a block.
  private static final int BLOCK = 64;

  /// The numbers of a box that was picked: corners and area.
  private static final int BOX = 5;

  private final boolean centred;
  private final float overlap;
  private final Tensor boxes;
  private final int count;
  private final int classes;

  /// How many numbers of boxes there are at most.
  private final int most;

  /// For each box that counts its score and number, so that they sort by falling score.
  private long[] order = new long[BLOCK];

  private int candidates;
  private float[] picked = new float[16 * BOX];
  private long[] rows = new long[96];
  private int size;

  private OverlapSuppression(
      Tensor boxes, Tensor scores, long most, float overlap, boolean centred) {
    this.centred = centred;
    this.overlap = overlap;
    this.boxes = boxes;
    this.count = Math.toIntExact(boxes.shape().dim(1));
    this.classes = Math.toIntExact(scores.shape().dim(1));
    this.most = Math.multiplyExact(BOX, (int) Math.min(most, count));
  }

  /// {@return the boxes that are picked, as rows of batch, class and box in the order in which they
  /// are}
  ///
  /// Of boxes with equal scores the first comes first.
  ///
  /// @param kernels what finds the greatest of some scores
  /// @param boxes two opposite corners, or centre and extents, `[batch, boxes, 4]`, f32
  /// @param scores `[batch, classes, boxes]`, f32
  /// @param most how many boxes are picked of a class at most
  /// @param overlap the share of intersection in union above which a box is left out
  /// @param threshold the score that a box must exceed
  /// @param centred whether boxes are centre and extents
  public static Tensor run(
      RowKernels kernels,
      Tensor boxes,
      Tensor scores,
      long most,
      float overlap,
      float threshold,
      boolean centred) {
    OverlapSuppression suppression = new OverlapSuppression(boxes, scores, most, overlap, centred);
    Tensor greatest = Tensor.allocate(DType.F32, Shape.of(scores.shape().elements() / BLOCK));
    try {
      if (most > 0 && scores.shape().elements() > 0) {
        suppression.find(kernels, scores, greatest, threshold);
      }
    } finally {
      Reference.reachabilityFence(boxes);
      Reference.reachabilityFence(scores);
      Reference.reachabilityFence(greatest);
    }
    long[] rows = Arrays.copyOf(suppression.rows, suppression.size);
    return Tensor.of(rows, rows.length / 3, 3);
  }

  /// Looks for scores that count, class by class.
  private void find(RowKernels kernels, Tensor scores, Tensor greatest, float threshold) {
    long x = scores.segment().address();
    long n = scores.shape().elements();
    long blocks = n / BLOCK;
    long maxima = greatest.segment().address();
    if (blocks > 0) {
      kernels.reduce(ReduceFunction.MAX, x, maxima, blocks, BLOCK, 1);
    }
    long current = 0;
    long end = count;
    for (long block = 0; block <= blocks; block++) {
      if (block < blocks && Memory.getFloat(maxima + 4 * block) <= threshold) {
        continue;
      }
      long to = Math.min(n, (block + 1) * BLOCK);
      for (long i = block * BLOCK; i < to; i++) {
        float score = Memory.getFloat(x + 4 * i);
        if (score > threshold) {
          if (i >= end) {
            pick(current);
            current = i / count;
            end = (current + 1) * count;
          }
          add(score, (int) (i - current * count));
        }
      }
    }
    pick(current);
  }

  private void add(float score, int box) {
    if (candidates == order.length) {
      order = Arrays.copyOf(order, Math.min(2 * candidates, count));
    }
    int bits = Float.floatToIntBits(score + 0.0f);
    int rising = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    order[candidates++] = ((long) ~rising << 32) | box;
  }

  /// Picks boxes of a class.
  ///
  /// @param row which class of which batch it is
  private void pick(long row) {
    Arrays.sort(order, 0, candidates);
    long batch = row / classes;
    int kept = 0;
    for (int i = 0; i < candidates && kept < most; i++) {
      int box = (int) order[i];
      if (isApart(batch * count + box, kept)) {
        kept += BOX;
        if (size + 3 > rows.length) {
          rows = Arrays.copyOf(rows, 2 * rows.length);
        }
        rows[size++] = batch;
        rows[size++] = row % classes;
        rows[size++] = box;
      }
    }
    candidates = 0;
  }

  /// Whether a box overlaps none of those that were picked; puts it behind them if so.
  private boolean isApart(long box, int kept) {
    long at = boxes.segment().address() + 16 * box;
    float a = Memory.getFloat(at);
    float b = Memory.getFloat(at + 4);
    float c = Memory.getFloat(at + 8);
    float d = Memory.getFloat(at + 12);
    float top = centred ? b - d / 2 : Math.min(a, c);
    float left = centred ? a - c / 2 : Math.min(b, d);
    float bottom = centred ? b + d / 2 : Math.max(a, c);
    float right = centred ? a + c / 2 : Math.max(b, d);
    float area = (bottom - top) * (right - left);
    for (int k = 0; k < kept; k += BOX) {
      float height = Math.min(bottom, picked[k + 2]) - Math.max(top, picked[k]);
      float width = Math.min(right, picked[k + 3]) - Math.max(left, picked[k + 1]);
      if (height <= 0 || width <= 0) {
        continue;
      }
      float other = picked[k + 4];
      float union = area + other - height * width;
      if (area > 0 && other > 0 && union > 0 && height * width / union > overlap) {
        return false;
      }
    }
    if (kept == picked.length) {
      picked = Arrays.copyOf(picked, 2 * kept);
    }
    picked[kept] = top;
    picked[kept + 1] = left;
    picked[kept + 2] = bottom;
    picked[kept + 3] = right;
    picked[kept + 4] = area;
    return true;
  }
}
