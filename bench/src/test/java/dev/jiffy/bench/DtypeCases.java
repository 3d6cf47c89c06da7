package dev.jiffy.bench;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// Operators with the types that operator set 22 of the standard allows for them, save those that
/// Jiffy has none of: floats of 8 bits and complex numbers.
final class DtypeCases {
  private static final Set<DType> INTEGERS =
      EnumSet.of(
          DType.I8, DType.I16, DType.I32, DType.I64, DType.U8, DType.U16, DType.U32, DType.U64);
  private static final Set<DType> UNSIGNED = EnumSet.of(DType.U8, DType.U16, DType.U32, DType.U64);
  private static final Set<DType> BYTES = EnumSet.of(DType.I8, DType.U8);

  /// Most floats: those that were there before bfloat16.
  private static final Set<DType> FEWER_FLOATS = EnumSet.of(DType.F16, DType.F32, DType.F64);

  private static final Set<DType> FLOATS = with(FEWER_FLOATS, DType.BF16);
  private static final Set<DType> NUMBERS = union(INTEGERS, FLOATS);
  private static final Set<DType> FEWER_NUMBERS = union(INTEGERS, FEWER_FLOATS);
  private static final Set<DType> SIGNED = with(FLOATS, DType.I8, DType.I16, DType.I32, DType.I64);

  /// Numbers that sums and products are made of.
  private static final Set<DType> WIDE = with(FLOATS, DType.I32, DType.I64, DType.U32, DType.U64);

  private static final Set<DType> FEWER = with(FEWER_NUMBERS, DType.BOOL, DType.STRING);
  private static final Set<DType> ALL = with(FEWER, DType.BF16);

  /// All and the integers of 4 bits.
  private static final Set<DType> MORE = with(ALL, DType.I4, DType.U4);

  /// Those of which sums and means can be made: the standard lists texts too for some operators
  /// that make them.
  private static final Set<DType> SUMMED = with(NUMBERS, DType.BOOL);

  private static final Set<DType> INDICES = EnumSet.of(DType.I32, DType.I64);
  private static final Set<DType> TRUTH = EnumSet.of(DType.BOOL);

  private final List<DtypeCase> cases = new ArrayList<>();

  private DtypeCases() {}

  private static Set<DType> union(Set<DType> some, Set<DType> others) {
    Set<DType> all = EnumSet.copyOf(some);
    all.addAll(others);
    return all;
  }

  private static Set<DType> with(Set<DType> some, DType... others) {
    return union(some, Set.of(others));
  }

  /// {@return all of them}
  static List<DtypeCase> all() {
    DtypeCases all = new DtypeCases();
    all.arithmetic();
    all.functions();
    all.comparisons();
    all.casts();
    all.shapes();
    all.movements();
    all.indices();
    all.selections();
    all.reductions();
    all.products();
    all.windows();
    all.normalizations();
    all.images();
    all.bytes();
    all.signals();
    all.recurrences();
    return all.cases;
  }

  private DtypeCase add(String operator, Set<DType> types) {
    DtypeCase added = new DtypeCase(operator, types);
    cases.add(added);
    return added;
  }

  private static Tensor floats(long... dims) {
    Tensor tensor = Tensor.allocate(DType.F32, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, (double) (5 * i % 7) / 8);
    }
    return tensor;
  }

  private void arithmetic() {
    add("Add", NUMBERS).x(3, 4).x(4);
    add("Sub", NUMBERS).of(9, 8, 7, 100).of(1, 2, 3, 50);
    add("Mul", NUMBERS).x(3, 4).x(3, 1);
    add("Div", NUMBERS).of(12, 8, 6, 100).of(3, 4, 2, 5);
    add("Mod", INTEGERS).of(9, 8, 7, 100).of(4, 3, 5, 7);
    add("Mod", NUMBERS).of(9, 8, 7, 100).of(4, 3, 5, 7).with("fmod", 1);
    add("Pow", with(FLOATS, DType.I32, DType.I64)).of(1, 2, 3, 5).input(floats(4));
    add("Pow", with(FLOATS, DType.I32, DType.I64)).of(1, 2, 3, 5).scalar(2);
    add("Pow", NUMBERS).input(floats(4)).of(1, 2, 3, 1).gives(DType.F32);
    add("Sum", FLOATS).x(3, 4).x(4).x(1);
    add("Mean", FLOATS).x(3, 4).x(4).x(1);
    add("Min", NUMBERS).x(3, 4).x(4).of(3);
    add("Max", NUMBERS).x(3, 4).x(4).of(3);
    add("Clip", NUMBERS).x(3, 4).scalar(2).scalar(4);
    add("Clip", NUMBERS).x(3, 4).absent().scalar(3);
    add("PRelu", with(FLOATS, DType.I32, DType.I64, DType.U32, DType.U64)).x(3, 4).x(4).known();
    for (String operator : List.of("BitwiseAnd", "BitwiseOr", "BitwiseXor")) {
      add(operator, INTEGERS).x(3, 4).x(4);
    }
    add("BitwiseNot", INTEGERS).x(3, 4);
    add("BitShift", UNSIGNED).of(1, 5, 200, 9).of(1, 2, 0, 3).with("direction", "RIGHT");
    add("BitShift", UNSIGNED).of(1, 5, 100, 9).of(1, 2, 0, 3).with("direction", "LEFT");
  }

  private void functions() {
    add("Abs", NUMBERS).x(3, 4);
    add("Neg", SIGNED).x(3, 4);
    add("Sign", NUMBERS).x(3, 4);
    add("Relu", SIGNED).x(3, 4);
    // an integer takes the integral part
    add("Erf", NUMBERS).of(0, 6, 7, 9);
    for (String operator :
        List.of(
            "Ceil",
            "Floor",
            "Round",
            "Exp",
            "Sigmoid",
            "Tanh",
            "Elu",
            "Selu",
            "HardSigmoid",
            "HardSwish",
            "LeakyRelu",
            "ThresholdedRelu",
            "Softplus",
            "Softsign",
            "Gelu",
            "Mish",
            "Sin",
            "Cos",
            "Tan",
            "Asin",
            "Atan",
            "Sinh",
            "Cosh",
            "Asinh",
            "Atanh")) {
      add(operator, FLOATS).of(0.25, -0.75, 0.5, 0, -0.125);
    }
    for (String operator : List.of("Log", "Sqrt", "Reciprocal", "Acosh")) {
      add(operator, FLOATS).of(1, 1.5, 4, 7);
    }
    add("Acos", FLOATS).of(0.25, -0.75, 0.5, 0);
    add("Celu", EnumSet.of(DType.F32)).x(3, 4);
    add("Shrink", FEWER_NUMBERS).x(3, 4);
    add("IsNaN", FLOATS).of(1, Double.NaN, 0).gives(DType.BOOL);
    add("IsInf", FLOATS).of(1, Double.NaN, 1e300, -1e300).gives(DType.BOOL);
    add("Dropout", FLOATS).x(3, 4);
    add("Not", TRUTH).x(3, 4);
  }

  private void comparisons() {
    add("Equal", ALL).x(3, 4).x(4).gives(DType.BOOL);
    for (String operator : List.of("Less", "LessOrEqual", "Greater", "GreaterOrEqual")) {
      add(operator, NUMBERS).x(3, 4).x(4).gives(DType.BOOL);
    }
    for (String operator : List.of("And", "Or", "Xor")) {
      add(operator, TRUTH).x(3, 4).x(4);
    }
    add("Where", ALL).input(Tensor.of(new boolean[] {true, false, true, false}, 4)).x(3, 4).x(4);
  }

  private void casts() {
    Set<DType> numbers = EnumSet.copyOf(MORE);
    numbers.remove(DType.STRING);
    for (DType to : numbers) {
      add("Cast", numbers).of(0, 3, 1, 7, 2).with("to", DtypeCase.number(to)).gives(to);
    }
    add("Cast", INTEGERS).x(3, 4).with("to", DtypeCase.number(DType.STRING)).gives(DType.STRING);
    Tensor texts = Tensor.ofStrings(List.of("1", "0", "1", "1"), 4);
    add("Cast", with(NUMBERS, DType.BOOL)).input(texts).typed("to");
    numbers.removeAll(EnumSet.of(DType.I4, DType.U4));
    add("CastLike", numbers).input(floats(3, 4)).x(2);
  }

  private void shapes() {
    add("Identity", MORE).x(3, 4);
    add("Reshape", MORE).x(3, 4).numbers(2, -1);
    add("Squeeze", MORE).x(3, 1, 4).numbers(1);
    add("Unsqueeze", MORE).x(3, 4).numbers(1);
    add("Flatten", MORE).x(3, 4, 2);
    add("Shape", MORE).x(3, 4).gives(DType.I64);
    add("Size", MORE).x(3, 4).gives(DType.I64);
    add("Expand", ALL).x(3, 1).numbers(2, 3, 4);
    Set<DType> filled = EnumSet.copyOf(MORE);
    filled.remove(DType.STRING);
    add("ConstantOfShape", filled).input(Tensor.of(new long[] {2, 3}, 2)).element("value", 3);
    add("EyeLike", with(NUMBERS, DType.BOOL)).x(3, 4);
    add("EyeLike", with(NUMBERS, DType.BOOL)).input(floats(3, 4)).typed("dtype");
    add("Range", EnumSet.of(DType.F32, DType.F64, DType.I16, DType.I32, DType.I64))
        .of(1)
        .shaped()
        .of(9)
        .shaped()
        .of(3)
        .shaped();
  }

  private void movements() {
    add("Transpose", MORE).x(3, 4, 2).with("perm", 2L, 0L, 1L);
    add("Concat", ALL).x(3, 4).x(3, 2).with("axis", 1);
    add("Split", ALL).x(3, 4).with("axis", 1).with("num_outputs", 2).gives(null, null);
    add("Slice", ALL).x(3, 4).numbers(2, 1).numbers(-4, 4).numbers(0, 1).numbers(-1, 2);
    add("Pad", MORE).x(3, 4).numbers(1, 0, 0, 2).scalar(1);
    add("Pad", MORE).x(3, 4).numbers(1, 0, 0, 2).with("mode", "edge");
    add("Tile", ALL).x(3, 4).numbers(2, 3);
    add("Trilu", ALL).x(3, 4);
    add("ReverseSequence", FEWER).x(3, 4).numbers(1, 2, 3, 1);
    add("DepthToSpace", ALL).x(1, 8, 2, 3).with("blocksize", 2);
    add("SpaceToDepth", ALL).x(1, 2, 4, 6).with("blocksize", 2);
    add("CenterCropPad", ALL).x(3, 4).numbers(5, 2);
    add("Col2Im", SUMMED).x(1, 4, 6).numbers(3, 4).numbers(2, 2);
  }

  private void indices() {
    Tensor tuples = Tensor.of(new long[] {0, 3, 2, 1}, 2, 2);
    add("Gather", ALL).x(3, 4).input(Tensor.of(new long[] {2, 0, -1}, 3));
    add("Gather", INDICES).input(floats(3, 4)).of(2, 0, 1).gives(DType.F32);
    add("GatherElements", ALL).x(3, 4).input(tuples).with("axis", 1);
    add("GatherND", ALL).x(3, 4).input(tuples);
    add("ScatterElements", ALL).x(3, 4).input(tuples).x(2, 2).with("axis", 1);
    add("ScatterND", ALL).x(3, 4).input(tuples).x(2);
    for (String reduction : List.of("add", "mul", "min", "max")) {
      add("ScatterElements", NUMBERS)
          .x(3, 4)
          .input(tuples)
          .x(2, 2)
          .with("axis", 1)
          .with("reduction", reduction);
      add("ScatterND", NUMBERS).x(3, 4).input(tuples).x(2).with("reduction", reduction);
    }
    Tensor depth = Tensor.of(new long[] {4});
    add("OneHot", FEWER).input(tuples).constant(depth).of(0, 3);
    add("OneHot", FEWER_NUMBERS).of(2, 0, 3).constant(depth).constant(floats(2)).gives(DType.F32);
  }

  private void selections() {
    Tensor some = Tensor.of(new boolean[] {true, false, true}, 3);
    add("Compress", FEWER).x(3, 4).input(some).with("axis", 0);
    add("NonZero", ALL).x(3, 4).gives(DType.I64);
    add("Unique", FEWER).x(20).gives(null, DType.I64, DType.I64, DType.I64);
    add("Unique", FEWER).x(20).with("sorted", 0).gives(null, DType.I64, DType.I64, DType.I64);
    add("TopK", FEWER_NUMBERS).x(3, 7).numbers(3).gives(null, DType.I64);
    add("ArgMax", NUMBERS).x(3, 4).with("axis", 1).gives(DType.I64);
    add("ArgMin", NUMBERS).x(3, 4).with("axis", 0).gives(DType.I64);
  }

  private void reductions() {
    for (String operator :
        List.of(
            "ReduceSum",
            "ReduceMean",
            "ReduceProd",
            "ReduceL1",
            "ReduceSumSquare",
            "ReduceMax",
            "ReduceMin")) {
      add(operator, WIDE).of(1, 2, 3, 6);
    }
    // whole numbers whose roots and logarithms are whole too
    add("ReduceL2", WIDE).of(2, 4, 5, 6);
    add("ReduceLogSum", WIDE).of(1, 0);
    add("ReduceLogSumExp", WIDE).of(0);
    Set<DType> compared = with(WIDE, DType.I8, DType.U8, DType.BOOL);
    add("ReduceMax", compared).x(3, 4).numbers(1);
    add("ReduceMin", compared).x(3, 4).numbers(0);
    add("CumSum", WIDE).x(3, 4).numbers(1);
    add("CumSum", INDICES).input(floats(3, 4)).of(1).shaped().gives(DType.F32);
    for (String operator : List.of("Softmax", "LogSoftmax", "Hardmax")) {
      add(operator, FLOATS).x(3, 4);
    }
  }

  private void products() {
    add("MatMul", WIDE).x(3, 4).x(4, 2);
    add("MatMul", WIDE).x(2, 3, 4).x(4, 2).known();
    add("Gemm", WIDE).x(3, 4).x(4, 2).x(2);
    add("Gemm", WIDE).x(3, 4).x(2, 4).known().with("transB", 1);
    add("Einsum", FEWER_NUMBERS).x(3, 4).x(4, 2).with("equation", "ij,jk->ki");
    add("Det", FLOATS).x(2, 3, 3);
  }

  private void windows() {
    add("Conv", FLOATS).x(1, 2, 5, 5).x(3, 2, 3, 3).known().x(3).known();
    add("ConvTranspose", FLOATS).x(1, 2, 5, 5).x(2, 3, 3, 3).known().x(3).known();
    add("MaxPool", union(FLOATS, BYTES)).x(1, 2, 5, 5).with("kernel_shape", 3L, 3L);
    add("AveragePool", FLOATS).x(1, 2, 5, 5).with("kernel_shape", 2L, 2L);
    add("LpPool", FLOATS).x(1, 2, 5, 5).with("kernel_shape", 2L, 2L);
    add("GlobalAveragePool", FLOATS).x(1, 2, 5, 5);
    add("GlobalMaxPool", FLOATS).x(1, 2, 5, 5);
    add("GlobalLpPool", FLOATS).x(1, 2, 5, 5).with("p", 2);
    add("MaxUnpool", FLOATS)
        .x(1, 1, 2, 2)
        .constant(Tensor.of(new long[] {5, 7, 13, 15}, 1, 1, 2, 2))
        .with("kernel_shape", 2L, 2L)
        .with("strides", 2L, 2L);
  }

  private void normalizations() {
    Tensor ones = Tensor.of(new float[] {1, 2}, 2);
    add("BatchNormalization", FLOATS)
        .x(1, 2, 3)
        .of(1, 2)
        .known()
        .of(1, 2)
        .known()
        .of(1, 2)
        .known()
        .of(1, 2)
        .known();
    add("BatchNormalization", FLOATS)
        .x(1, 2, 3)
        .constant(ones)
        .constant(ones)
        .constant(ones)
        .constant(ones);
    add("InstanceNormalization", FLOATS).x(1, 2, 6).of(1, 2).known().of(1, 2).known();
    add("LayerNormalization", FLOATS).x(3, 4).of(1, 2, 0.5, 3).known().of(1, 2, 0.5, 3).known();
    add("GroupNormalization", FLOATS)
        .x(1, 4, 3)
        .of(1, 2, 0.5, 3)
        .known()
        .of(1, 2, 0.5, 3)
        .known()
        .with("num_groups", 2);
    add("LpNormalization", FLOATS).x(3, 4);
    add("LRN", FLOATS).x(1, 4, 2, 2).with("size", 3);
    add("MeanVarianceNormalization", FLOATS).x(2, 2, 2, 2);
  }

  private void images() {
    Tensor larger = Tensor.of(new float[] {1, 1, 2, 2}, 4);
    add("Resize", SUMMED).x(1, 1, 3, 3).absent().constant(larger);
    add("Resize", NUMBERS)
        .of(0, 4, 8, 16)
        .shaped(1, 1, 2, 2)
        .absent()
        .absent()
        .numbers(1, 1, 3, 3)
        .with("mode", "linear")
        .with("coordinate_transformation_mode", "align_corners");
    add("GridSample", SUMMED)
        .x(1, 1, 3, 3)
        .input(Tensor.of(new float[] {-1, 0, 1, -1, 0, 0}, 1, 1, 3, 2))
        .with("mode", "nearest");
    add("GridSample", FLOATS)
        .input(floats(1, 1, 3, 3))
        .of(-1, 0, 1, -1)
        .shaped(1, 1, 2, 2)
        .gives(DType.F32);
    add("AffineGrid", FLOATS).of(1, 0, 0.5, 0, 1, -0.5).shaped(1, 2, 3).numbers(1, 1, 2, 3);
    add("RoiAlign", FLOATS).x(1, 1, 5, 5).of(0, 0, 3, 3).shaped(1, 4).numbers(0);
  }

  private void bytes() {
    Set<DType> quantized = EnumSet.of(DType.I8, DType.U8, DType.I16, DType.U16, DType.I4, DType.U4);
    Tensor half = Tensor.of(new float[] {0.5f});
    add("QuantizeLinear", quantized).input(floats(3, 4)).constant(half).scalar(1);
    Set<DType> real = EnumSet.of(DType.F32, DType.F16, DType.BF16);
    add("QuantizeLinear", with(real, DType.I32))
        .x(3, 4)
        .scalar(3)
        .constant(Tensor.of(new byte[] {1}))
        .gives(DType.I8);
    add("DequantizeLinear", quantized).x(3, 4).constant(half).scalar(1).gives(DType.F32);
    add("DequantizeLinear", EnumSet.of(DType.I32)).x(3, 4).constant(half).gives(DType.F32);
    add("DequantizeLinear", real).input(Tensor.of(new byte[] {1, -2, 3}, 3)).scalar(0.5);
    add("DynamicQuantizeLinear", EnumSet.of(DType.F32)).x(3, 4).gives(DType.U8, null, DType.U8);
    add("MatMulInteger", BYTES).x(3, 4).x(4, 2).known().gives(DType.I32);
    add("ConvInteger", BYTES).x(1, 2, 5, 5).x(3, 2, 3, 3).known().gives(DType.I32);
  }

  private void signals() {
    for (String operator : List.of("HannWindow", "HammingWindow", "BlackmanWindow")) {
      add(operator, FLOATS).constant(Tensor.of(new long[] {8})).typed("output_datatype");
      add(operator, INDICES).of(8).shaped().gives(DType.F32);
    }
    add("DFT", FLOATS).x(1, 8, 1);
  }

  private void recurrences() {
    add("RNN", FLOATS)
        .x(3, 1, 2)
        .x(1, 2, 2)
        .known()
        .x(1, 2, 2)
        .known()
        .with("hidden_size", 2)
        .gives(null, null);
    add("GRU", FLOATS)
        .x(3, 1, 2)
        .x(1, 6, 2)
        .known()
        .x(1, 6, 2)
        .known()
        .with("hidden_size", 2)
        .gives(null, null);
    add("LSTM", FLOATS)
        .x(3, 1, 2)
        .x(1, 8, 2)
        .known()
        .x(1, 8, 2)
        .known()
        .with("hidden_size", 2)
        .gives(null, null, null);
  }
}
