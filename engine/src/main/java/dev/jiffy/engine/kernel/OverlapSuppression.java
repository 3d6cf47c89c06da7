package dev.jiffy.engine.kernel;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.function.BiFunction;

/// Picks the boxes of highest score that do not overlap others, class by class: the suppression of
/// all but maxima.
///
/// Nearly no score of a detector counts, so that most of the time would go into looking at scores.
/// The greatest of each block of them is found first; only blocks where it counts are looked at.
/// Where many boxes count, each is compared with those of the strips that it may reach only: what
/// exporters write moves the boxes of each class to a place of their own and calls them one class.
///
/// An instance keeps its working memory from call to call, and belongs to one thread at a time.
public final class OverlapSuppression {
  /// The scores of a block.
  private static final int BLOCK = 64;

  /// The numbers of a box that was picked: corners and area.
  private static final int BOX = 5;

  /// The longest array.
  private static final int MOST_CANDIDATES = Integer.MAX_VALUE - 8;

  /// So many boxes are compared with each other wherever they lie.
  private static final int FEW = 128;

  private boolean centred;
  private float overlap;

  /// Where the boxes lie.
  private long boxes;

  private int count;
  private int classes;

  /// How many boxes are picked of a class at most.
  private int most;

  /// For each box that counts its score and number, so that they sort by falling score.
  private long[] order = new long[BLOCK];

  private int candidates;
  private float[] picked = new float[16 * BOX];
  private final Strips strips = new Strips();
  private float top;
  private float left;
  private float bottom;
  private float right;
  private long[] rows = new long[96];
  private int size;

  /// Nothing kept yet.
  public OverlapSuppression() {}

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
  /// @param memory gives tensors for the result and what is found on the way
  public Tensor run(
      RowKernels kernels,
      Tensor boxes,
      Tensor scores,
      long most,
      float overlap,
      float threshold,
      boolean centred,
      BiFunction<DType, Shape, Tensor> memory) {
    this.centred = centred;
    this.overlap = overlap;
    this.boxes = boxes.segment().address();
    this.count = Math.toIntExact(boxes.shape().dim(1));
    this.classes = Math.toIntExact(scores.shape().dim(1));
    this.most = (int) Math.min(most, count);
    candidates = 0;
    size = 0;
    Tensor greatest = memory.apply(DType.F32, Shape.of(scores.shape().elements() / BLOCK));
    try {
      if (most > 0 && scores.shape().elements() > 0) {
        find(kernels, scores, greatest, threshold);
      }
    } finally {
      Reference.reachabilityFence(boxes);
      Reference.reachabilityFence(scores);
      Reference.reachabilityFence(greatest);
    }
    Tensor picked = memory.apply(DType.I64, Shape.of(size / 3, 3));
    MemorySegment.copy(rows, 0, picked.segment(), Memory.LONG, 0, size);
    return picked;
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
      order = Arrays.copyOf(order, (int) Math.min(2L * candidates, MOST_CANDIDATES));
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
    lay(batch * count);
    int kept = 0;
    for (int i = 0; i < candidates && kept < most; i++) {
      int box = (int) order[i];
      read(batch * count + box);
      if (isApart()) {
        put();
        kept++;
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

  /// Makes room for the boxes of a class, strip by strip where they are many.
  ///
  /// @param first the first box of the batch
  private void lay(long first) {
    int room = Math.min(candidates, most);
    strips.join();
    if (room > FEW) {
      for (int i = 0; i < candidates; i++) {
        read(first + (int) order[i]);
        strips.include(left, right);
      }
      strips.divide();
    }
    if (strips.count() > 1) {
      for (int i = 0; i < candidates; i++) {
        read(first + (int) order[i]);
        strips.reserve(left, BOX);
      }
      strips.lay();
      room = candidates;
    }
    int numbers = Math.multiplyExact(BOX, room);
    if (picked.length < numbers) {
      picked = new float[Math.max(numbers, 2 * picked.length)];
    }
  }

  /// Reads the corners of a box.
  private void read(long box) {
    long at = boxes + 16 * box;
    float a = Memory.getFloat(at);
    float b = Memory.getFloat(at + 4);
    float c = Memory.getFloat(at + 8);
    float d = Memory.getFloat(at + 12);
    top = centred ? b - d / 2 : Math.min(a, c);
    left = centred ? a - c / 2 : Math.min(b, d);
    bottom = centred ? b + d / 2 : Math.max(a, c);
    right = centred ? a + c / 2 : Math.max(b, d);
  }

  /// Whether the box that was read overlaps none of those that were picked.
  private boolean isApart() {
    int last = strips.last(right);
    for (int strip = strips.first(left); strip <= last; strip++) {
      if (!isApart(strips.start(strip), strips.end(strip))) {
        return false;
      }
    }
    return true;
  }

  private boolean isApart(int from, int to) {
    float top = this.top;
    float left = this.left;
    float bottom = this.bottom;
    float right = this.right;
    float area = (bottom - top) * (right - left);
    for (int k = from; k < to; k += BOX) {
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
    return true;
  }

  /// Puts the box that was read with those that were picked.
  private void put() {
    int k = strips.put(left, BOX);
    picked[k] = top;
    picked[k + 1] = left;
    picked[k + 2] = bottom;
    picked[k + 3] = right;
    picked[k + 4] = (bottom - top) * (right - left);
  }
}
