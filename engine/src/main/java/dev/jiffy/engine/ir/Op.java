package dev.jiffy.engine.ir;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An operator: what a [Node] computes, with its attributes.
///
/// Operators follow the newest ONNX opset: whatever ONNX passes as an input is an input here.
/// Operators that compute alike are one record with a function or kind. Each record's doc lists its
/// inputs; a question mark means optional.
public sealed interface Op {
  /// An operator of a family that has a file of its own.
  sealed interface Special extends Op
      permits AttentionOp,
          Foreign,
          ImageOp,
          LoopOp,
          MatrixOp,
          QuantizedOp,
          RandomOp,
          RecurrentOp,
          SelectionOp,
          SequenceOp,
          SignalOp,
          TableOp,
          TextOp {}

  /// The order of dimensions of an image-like tensor.
  enum Layout {
    /// Batch, channels, spatial dimensions: ONNX's own.
    CHANNELS_FIRST,
    /// Batch, spatial dimensions, channels: what kernels prefer.
    CHANNELS_LAST
  }

  /// How a window's padding is decided.
  enum AutoPad {
    /// By the pads given.
    NOTSET,
    /// So that the output is the input divided by the stride, rounded up; odd padding at the end.
    SAME_UPPER,
    /// As [#SAME_UPPER] with odd padding at the beginning.
    SAME_LOWER,
    /// No padding.
    VALID;

    /// {@return the padding of one spatial dimension}
    ///
    /// @param missing the elements that windows reach beyond those that there are; where they reach
    ///   less far, as with strides larger than the window, nothing is padded, and nothing cut off
    /// @param given the padding where it is not decided automatically
    public Padding padding(long missing, Padding given) {
      long whole = Math.max(0, missing);
      return switch (this) {
        case NOTSET -> given;
        case VALID -> Padding.NONE;
        case SAME_UPPER -> new Padding(whole / 2, whole - whole / 2);
        case SAME_LOWER -> new Padding(whole - whole / 2, whole / 2);
      };
    }
  }

  /// A sliding window over the spatial dimensions.
  ///
  /// @param kernel extents of the window; empty where the weights give them
  /// @param strides steps between windows; empty stands for 1
  /// @param pads padding at the begin of each dimension, then at the end of each; empty stands for
  ///   0
  /// @param dilations distances between the taps of a window; empty stands for 1
  /// @param autoPad whether pads are computed instead
  /// @param ceilMode whether a partly covered last window counts
  record Window(
      List<Long> kernel,
      List<Long> strides,
      List<Long> pads,
      List<Long> dilations,
      AutoPad autoPad,
      boolean ceilMode) {
    /// The greatest number in a window, and the most elements that windows span, so that an `int`
    /// holds the sum of two.
    public static final int MOST = (1 << 30) - 1;

    /// Copies the lists.
    public Window {
      kernel = List.copyOf(kernel);
      strides = List.copyOf(strides);
      pads = List.copyOf(pads);
      dilations = List.copyOf(dilations);
    }
  }

  /// Elements added around one dimension.
  ///
  /// @param begin how many before the first element
  /// @param end how many after the last one
  record Padding(long begin, long end) {
    /// No elements.
    public static final Padding NONE = new Padding(0, 0);
  }

  // ---- control

  /// The results of one graph or of another: `(condition, captured…)`; where the condition is true,
  /// the first.
  ///
  /// The inputs of both graphs are the captured values. Both have as many outputs as the node.
  ///
  /// @param then computes the results where the condition is true
  /// @param otherwise computes the results where the condition is false
  record If(Graph then, Graph otherwise) implements Op {
    /// Checks that both graphs have as many inputs and outputs.
    public If {
      if (then.inputs().size() != otherwise.inputs().size()
          || then.outputs().size() != otherwise.outputs().size()) {
        throw new IllegalArgumentException("branches differ in the number of inputs or outputs");
      }
    }
  }

  // ---- elementwise

  /// An elementwise function: `(x)`.
  ///
  /// @param function the function
  /// @param alpha its first parameter
  /// @param beta its second parameter
  record Unary(UnaryFunction function, float alpha, float beta) implements Op {
    /// A function without parameters.
    ///
    /// @param function the function
    public Unary(UnaryFunction function) {
      this(function, 0, 0);
    }
  }

  /// An elementwise function with broadcasting: `(x, y)`.
  ///
  /// @param function the function
  record Binary(BinaryFunction function) implements Op {}

  /// `condition ? x : y` elementwise with broadcasting: `(condition, x, y)`.
  record Where() implements Op {}

  /// Elements converted to another type: `(x)`.
  ///
  /// @param to the target type
  /// @param saturate whether narrowing to 8-bit floating point saturates
  record Cast(DType to, boolean saturate) implements Op {}

  /// The input unchanged: `(x)`.
  record Identity() implements Op {}

  // ---- shape and data movement

  /// The extents of a tensor as i64: `(x)`.
  ///
  /// @param start the first axis, negative from the end
  /// @param end the axis after the last, negative from the end, or null for all
  record ShapeOf(long start, @Nullable Long end) implements Op {}

  /// The number of elements as an i64 scalar: `(x)`.
  record Size() implements Op {}

  /// The same elements in another shape: `(x, shape)`.
  ///
  /// @param allowZero whether a 0 in the shape means an empty dimension instead of a copied one
  record Reshape(boolean allowZero) implements Op {}

  /// The input as a matrix: `(x)`.
  ///
  /// @param axis the first dimension that goes to the columns
  record Flatten(long axis) implements Op {}

  /// Dimensions permuted: `(x)`.
  ///
  /// @param perm for each output dimension the input dimension; empty reverses all
  record Transpose(List<Long> perm) implements Op {
    /// Copies the list.
    public Transpose {
      perm = List.copyOf(perm);
    }
  }

  /// Broadcast to a shape: `(x, shape)`.
  record Expand() implements Op {}

  /// Inputs laid end to end: `(x0, x1, …)`.
  ///
  /// @param axis the dimension that grows
  record Concat(long axis) implements Op {}

  /// Cut into parts: `(x, sizes?)`, as many outputs as parts.
  ///
  /// @param axis the dimension that is cut
  /// @param parts the number of parts where no sizes are given; 0 stands for the number of outputs
  record Split(long axis, long parts) implements Op {}

  /// A strided part: `(x, starts, ends, axes?, steps?)`.
  record Slice() implements Op {}

  /// Slices picked by index: `(x, indices)`.
  ///
  /// @param axis the dimension that is indexed
  record Gather(long axis) implements Op {}

  /// Elements picked by index along one dimension: `(x, indices)`.
  ///
  /// @param axis the dimension that is indexed
  record GatherElements(long axis) implements Op {}

  /// Slices picked by index tuples: `(x, indices)`.
  ///
  /// @param batchDims the number of leading dimensions shared by both
  record GatherNd(long batchDims) implements Op {}

  /// How updates combine with what is there.
  enum ScatterMode {
    /// The update replaces.
    REPLACE,
    /// The update is added.
    ADD,
    /// The update is multiplied.
    MUL,
    /// The smaller stays.
    MIN,
    /// The larger stays.
    MAX
  }

  /// A copy with single elements updated: `(x, indices, updates)`.
  ///
  /// @param axis the dimension that is indexed
  /// @param mode how updates combine
  record ScatterElements(long axis, ScatterMode mode) implements Op {}

  /// A copy with slices updated: `(x, indices, updates)`.
  ///
  /// @param mode how updates combine
  record ScatterNd(ScatterMode mode) implements Op {}

  /// What fills the padding.
  enum PadMode {
    /// A given value.
    CONSTANT,
    /// The input mirrored without its border.
    REFLECT,
    /// The border repeated.
    EDGE,
    /// The input repeated.
    WRAP
  }

  /// The input with a border: `(x, pads, value?, axes?)`; negative pads crop.
  ///
  /// @param mode what fills the border
  record Pad(PadMode mode) implements Op {}

  /// The input repeated: `(x, repeats)`.
  record Tile() implements Op {}

  /// Dimensions of extent 1 removed: `(x, axes?)`.
  record Squeeze() implements Op {}

  /// Dimensions of extent 1 inserted: `(x, axes)`.
  record Unsqueeze() implements Op {}

  /// A tensor of one repeated value: `(shape)`.
  ///
  /// @param value a tensor of one element
  record ConstantOfShape(Tensor value) implements Op {}

  /// Evenly spaced numbers: `(start, limit, delta)`.
  record Range() implements Op {}

  /// Indices as unit vectors: `(indices, depth, values)`.
  ///
  /// @param axis where the new dimension goes
  record OneHot(long axis) implements Op {}

  /// Rows times the unit vectors of indices, `Σ_d x[n, d, 1] · oneHot(indices)[n, d, m]`: `(x,
  /// indices)`. So the element of a row at each index, 0 where the index lies outside, and NaN
  /// where another element of the row is not finite.
  ///
  /// @param depth the extent of the unit vectors and of dimension 1 of `x`
  record OneHotDot(long depth) implements Op {}

  /// A triangle of each matrix, zeros elsewhere: `(x, k?)`.
  ///
  /// @param upper whether the upper triangle stays
  record Trilu(boolean upper) implements Op {}

  /// Identity-like matrix in the shape of the input: `(x)`.
  ///
  /// @param dtype the element type, or null for the input's
  /// @param k the diagonal of the ones
  record EyeLike(@Nullable DType dtype, long k) implements Op {}

  /// Running sums: `(x, axis)`.
  ///
  /// @param exclusive whether an element's own value is left out
  /// @param reverse whether sums run from the end
  record CumSum(boolean exclusive, boolean reverse) implements Op {}

  /// The largest or smallest elements and their indices: `(x, k)`.
  ///
  /// @param axis the dimension that is searched
  /// @param largest whether the largest are wanted
  /// @param sorted whether they come in order
  record TopK(long axis, boolean largest, boolean sorted) implements Op {}

  /// Indices of elements that are not zero: `(x)`.
  record NonZero() implements Op {}

  /// Slices picked by a condition: `(x, condition)`.
  ///
  /// @param axis the dimension, or null for the flattened input
  record Compress(@Nullable Long axis) implements Op {}

  /// Sequences of differing lengths reversed: `(x, lengths)`.
  ///
  /// @param batchAxis the batch dimension
  /// @param timeAxis the time dimension
  record ReverseSequence(long batchAxis, long timeAxis) implements Op {}

  /// Blocks of channels moved to blocks of space: `(x)`.
  ///
  /// @param block the block's side
  /// @param columnRowDepth whether channels are ordered column, row, depth (CRD) instead of depth
  ///   first (DCR)
  record DepthToSpace(long block, boolean columnRowDepth) implements Op {}

  /// Blocks of space moved to channels: `(x)`.
  ///
  /// @param block the block's side
  record SpaceToDepth(long block) implements Op {}

  // ---- reductions

  /// A reduction: `(x, axes?)`.
  ///
  /// @param function what is computed
  /// @param keepDims whether reduced dimensions stay with extent 1
  /// @param noopWithEmptyAxes whether empty axes mean no reduction instead of a full one
  record Reduce(ReduceFunction function, boolean keepDims, boolean noopWithEmptyAxes)
      implements Op {}

  /// The index of the largest or smallest element: `(x)`.
  ///
  /// @param largest whether the largest is wanted
  /// @param axis the dimension that is searched
  /// @param keepDims whether it stays with extent 1
  /// @param lastIndex whether the last of equals wins
  record ArgReduce(boolean largest, long axis, boolean keepDims, boolean lastIndex) implements Op {}

  /// `e^x / Σ e^x` along one dimension: `(x)`.
  ///
  /// @param axis the dimension
  /// @param log whether the logarithm is wanted
  record Softmax(long axis, boolean log) implements Op {}

  /// One at the first maximum along one dimension, zero elsewhere: `(x)`.
  ///
  /// @param axis the dimension
  record Hardmax(long axis) implements Op {}

  // ---- linear algebra

  /// The matrix product with broadcast batch dimensions, and what follows it: `(x, w, bias?,
  /// residual?)`.
  ///
  /// Computes `activation(alpha · x · w + bias + residual)`; ONNX's MatMul has neither bias nor
  /// activation. The bias has one element per column, the residual the shape of the result.
  ///
  /// @param transposeA whether the last two dimensions of `x` are swapped
  /// @param transposeB whether the last two dimensions of `w` are swapped
  /// @param alpha the factor of the product
  /// @param activation what is applied last, or null
  record MatMul(boolean transposeA, boolean transposeB, float alpha, @Nullable Unary activation)
      implements Op {
    /// The plain product.
    public MatMul() {
      this(false, false, 1, null);
    }
  }

  /// Quantizes f32 to unsigned bytes by the range of the elements and 0: `(x)`; ONNX's
  /// DynamicQuantizeLinear.
  ///
  /// Three results: the bytes `round(x / scale) + zero` limited to 0 to 255, the scale, and the
  /// zero point; the last two are scalars.
  record DynamicQuantize() implements Op {}

  /// The product of a dynamically quantized input and quantized weights, and what follows it: `(x,
  /// w, scale, bias?, residual?)`.
  ///
  /// Computes `activation(s · (q - z) · (w + shift) · scale + bias + residual)` with bytes `q`,
  /// scale `s` and zero point `z` of `x` as [DynamicQuantize] makes them. The weights are an i8
  /// matrix, or i16, then without a shift, where less zero points of their columns they do not fit;
  /// scale and bias have one f32 per column, the residual has the shape of the result.
  ///
  /// @param shift what each weight stands for more than itself, -127 to 128
  /// @param activation what is applied last, or null
  record QuantizedMatMul(int shift, @Nullable Unary activation) implements Op {
    /// A product with weights that stand for themselves.
    ///
    /// @param activation what is applied last, or null
    public QuantizedMatMul(@Nullable Unary activation) {
      this(0, activation);
    }
  }

  /// `alpha · A · B + beta · C` for matrices: `(a, b, c?)`; `c` is broadcast.
  ///
  /// @param alpha the factor of the product
  /// @param beta the factor of `c`
  /// @param transposeA whether `a` is transposed
  /// @param transposeB whether `b` is transposed
  record Gemm(float alpha, float beta, boolean transposeA, boolean transposeB) implements Op {}

  /// Einstein summation: `(x0, x1, …)`.
  ///
  /// @param equation the terms, such as `ij,jk->ik`
  record Einsum(String equation) implements Op {}

  // ---- neural networks

  /// Convolution, and what follows it: `(x, w, bias?, residual?)`.
  ///
  /// Computes `activation(x ∗ w + bias + residual)`. Weights are ONNX's `[outChannels, inChannels /
  /// groups, kernel…]` in either layout; the residual has the shape and layout of the result.
  ///
  /// @param window the sliding window
  /// @param groups the number of channel groups
  /// @param layout the layout of input, residual and result
  /// @param activation what is applied last, or null
  record Conv(Window window, long groups, Layout layout, @Nullable Unary activation)
      implements Op {}

  /// Transposed convolution: `(x, w, bias?)`; weights are `[inChannels, outChannels / groups,
  /// kernel…]`.
  ///
  /// @param window the sliding window of the convolution whose gradient this is
  /// @param groups the number of channel groups
  /// @param outputPadding extra extent at the end of each spatial dimension; empty stands for 0
  /// @param outputShape the spatial extents wanted; empty where the pads decide
  /// @param layout the layout of input and result
  /// @param activation what is applied last, or null
  record ConvTranspose(
      Window window,
      long groups,
      List<Long> outputPadding,
      List<Long> outputShape,
      Layout layout,
      @Nullable Unary activation)
      implements Op {
    /// Copies the lists.
    public ConvTranspose {
      outputPadding = List.copyOf(outputPadding);
      outputShape = List.copyOf(outputShape);
    }
  }

  /// What a pool computes of a window.
  enum PoolFunction {
    /// The largest element.
    MAX,
    /// The mean.
    AVERAGE,
    /// The p-norm.
    LP
  }

  /// Pooling: `(x)`; a second output of MAX holds the indices of the largest elements.
  ///
  /// @param function what is computed
  /// @param window the sliding window
  /// @param countPadding whether an average counts padding
  /// @param storageColumnMajor whether indices are counted column-major
  /// @param p the exponent of LP
  /// @param layout the layout of input and result
  record Pool(
      PoolFunction function,
      Window window,
      boolean countPadding,
      boolean storageColumnMajor,
      long p,
      Layout layout)
      implements Op {}

  /// Pooling over all spatial dimensions: `(x)`.
  ///
  /// @param function what is computed
  /// @param p the exponent of LP
  /// @param layout the layout of input and result
  record GlobalPool(PoolFunction function, long p, Layout layout) implements Op {}

  /// Normalisation by given statistics: `(x, scale, bias, mean, variance)`.
  ///
  /// @param epsilon added to the variance
  /// @param layout the layout of input and result
  record BatchNorm(float epsilon, Layout layout) implements Op {}

  /// Normalisation over the trailing dimensions: `(x, scale?, bias?, residual?)`; outputs y, and
  /// optionally mean and inverse standard deviation. A residual is added to `x` first.
  ///
  /// @param axis the first normalised dimension
  /// @param epsilon added to the variance
  record LayerNorm(long axis, float epsilon) implements Op {}

  /// Normalisation of each channel of each image: `(x, scale, bias)`.
  ///
  /// @param epsilon added to the variance
  record InstanceNorm(float epsilon) implements Op {}

  /// Local response normalisation across channels: `(x)`.
  ///
  /// @param alpha the scaling factor
  /// @param beta the exponent
  /// @param bias the constant under the exponent
  /// @param size the number of channels summed
  record Lrn(float alpha, float beta, float bias, long size) implements Op {}

  /// Division by the p-norm along one dimension: `(x)`.
  ///
  /// @param axis the dimension
  /// @param p 1 or 2
  record LpNormalization(long axis, long p) implements Op {}
}
