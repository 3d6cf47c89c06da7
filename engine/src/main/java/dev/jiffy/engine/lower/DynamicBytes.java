package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lowers operators that quantize their input by its range.
final class DynamicBytes {
  /// What a number costs to read and to make a byte of, as bytes that are moved.
  private static final double BYTES = 5;

  private DynamicBytes() {}

  /// ONNX's DynamicQuantizeLinear.
  static boolean lower(Node node, Lowering lowering) {
    List<String> results = node.outputs();
    Shape x = lowering.shape(node.input(0));
    if (results.size() != 3
        || results.contains("")
        || x.elements() == 0
        || x.elements() > Integer.MAX_VALUE) {
      return false;
    }
    String label = Lowering.label(node);
    Place numbers = lowering.planned(DynamicBytesStep.NUMBERS);
    Place y = lowering.result(results.get(0));
    quantize(label, true, node.input(0), y, numbers, lowering);
    Place scale = lowering.result(results.get(1));
    lowering.copyAll(label, numbers, scale, DType.F32, Shape.of());
    Place zero = lowering.result(results.get(2));
    lowering.copyAll(label, numbers.plus(4), zero, DType.U8, Shape.of());
    return true;
  }

  private static void quantize(
      String label, boolean toBytes, String value, Place y, Place numbers, Lowering lowering) {
    Target target = lowering.target();
    int elements = (int) lowering.shape(value).elements();
    int parts = target.parts(0, BYTES * elements);
    Place x = lowering.place(value);
    Place ranges = lowering.planned((long) RangeStep.LINE * parts);
    lowering.add(new RangeStep(label, target, parts, elements, x, ranges), x, ranges);
    lowering.add(
        new DynamicBytesStep(label, target, parts, parts, toBytes, elements, x, ranges, y, numbers),
        x,
        ranges,
        y,
        numbers);
  }

  static boolean lower(Node node, QuantizedOp.DynamicConv op, Lowering lowering) {
    Tensor w = lowering.graph().constants().get(node.input(1));
    Tensor scales = lowering.graph().constants().get(node.input(2));
    Tensor bias = lowering.graph().constants().get(node.input(3));
    if (w == null || scales == null || (node.hasInput(3) && bias == null)) {
      return false;
    }
    ByteConvolution convolution =
        Bytes.convolution(node, op.conv(), ByteConvolution.DYNAMIC, null, w, lowering);
    if (convolution == null) {
      return false;
    }
    lower(node, convolution.geometry(), 0, w, scales, bias, "", lowering);
    return true;
  }

  /// Computes a convolution, or a product, of bytes where the kernels can, else of f32.
  ///
  /// @param node `(x, w, scale, bias?, …)`
  /// @param shift what each weight stands for more than itself; 0 for those of i16
  /// @param residual the value that is added, or empty
  static void lower(
      Node node,
      ConvGeometry geometry,
      int shift,
      Tensor w,
      Tensor scales,
      @Nullable Tensor bias,
      String residual,
      Lowering lowering) {
    ByteConvolution convolution = convolution(geometry, shift, w, residual, lowering.weights());
    ByteKernels.Prepared prepared = Bytes.prepare(convolution, lowering.target());
    if (prepared == null) {
      lowerAsFloats(node, geometry, shift, w, residual, lowering);
      return;
    }
    Target target = lowering.target();
    String label = Lowering.label(node);
    Place numbers = lowering.planned(DynamicBytesStep.NUMBERS);
    Place x = lowering.planned(lowering.shape(node.input(0)).elements());
    quantize(label, true, node.input(0), x, numbers, lowering);
    Place packed =
        lowering.fixed(lowering.weights().bytesConv(prepared, convolution, w, scales, bias));
    Shape shape = lowering.shape(node.output());
    Place y =
        residual.isEmpty()
            ? lowering.result(node.output())
            : lowering.planned(4 * shape.elements());
    lowering.add(
        new ByteConvStep(label, target, prepared, convolution.geometry(), x, numbers, packed, y),
        x,
        numbers,
        y);
    if (!residual.isEmpty()) {
      Instruction sum = new Instruction.Binary(BinaryFunction.ADD, 0, 1);
      finish(
          node,
          List.of(y),
          List.of(shape),
          List.of(residual),
          List.of(sum),
          geometry.activation(),
          lowering);
    }
  }

  /// Packs the weights as [#lower] reads them.
  static void pack(
      ConvGeometry geometry,
      int shift,
      Tensor w,
      Tensor scales,
      @Nullable Tensor bias,
      String residual,
      Weights weights) {
    ByteConvolution convolution = convolution(geometry, shift, w, residual, weights);
    ByteKernels.Prepared prepared = Bytes.prepare(convolution, weights.target());
    if (prepared == null) {
      weights.floatConv(geometry.linear(), shift, w, null);
    } else {
      weights.bytesConv(prepared, convolution, w, scales, bias);
    }
  }

  private static ByteConvolution convolution(
      ConvGeometry geometry, int shift, Tensor w, String residual, Weights weights) {
    return new ByteConvolution(
        residual.isEmpty() ? geometry : geometry.linear(),
        ByteConvolution.DYNAMIC,
        shift + weights.shift(w),
        null);
  }

  /// Computes of f32 what kernels cannot compute of bytes: bytes less their zero point times
  /// weights are exact in f32 as long as sums stay below 2²⁴; what follows is an elementwise chain.
  private static void lowerAsFloats(
      Node node, ConvGeometry geometry, int shift, Tensor w, String residual, Lowering lowering) {
    String label = Lowering.label(node);
    Target target = lowering.target();
    ConvGeometry linear = geometry.linear();
    Shape shape = lowering.shape(node.output());
    Place numbers = lowering.planned(DynamicBytesStep.NUMBERS);
    Place x = lowering.planned(4 * lowering.shape(node.input(0)).elements());
    quantize(label, false, node.input(0), x, numbers, lowering);
    Place packed = lowering.fixed(lowering.weights().floatConv(linear, shift, w, null));
    Place sums = lowering.planned(4 * shape.elements());
    Layer layer = new Layer(x, packed, Place.ABSENT, Place.ABSENT, sums);
    lowering.add(new ConvStep(label, target, linear, false, layer), layer.places());

    List<String> others = new ArrayList<>(List.of(node.input(2), node.input(3), residual));
    others.removeIf(String::isEmpty);
    int inputs = 2 + others.size();
    List<Instruction> chain = new ArrayList<>();
    chain.add(new Instruction.Binary(BinaryFunction.MUL, 1, 2));
    chain.add(new Instruction.Binary(BinaryFunction.MUL, 0, inputs));
    for (int added = 3; added < inputs; added++) {
      chain.add(new Instruction.Binary(BinaryFunction.ADD, inputs + chain.size() - 1, added));
    }
    finish(
        node,
        List.of(sums, numbers),
        List.of(shape, Shape.of()),
        others,
        chain,
        geometry.activation(),
        lowering);
  }

  /// Computes a chain and an activation.
  ///
  /// @param places where its first inputs lie
  /// @param shapes the shapes of those
  /// @param others its other inputs
  private static void finish(
      Node node,
      List<Place> places,
      List<Shape> shapes,
      List<String> others,
      List<Instruction> chain,
      @Nullable Activation activation,
      Lowering lowering) {
    Shape shape = lowering.shape(node.output());
    List<Place> touched = new ArrayList<>(places);
    List<Shape> extents = new ArrayList<>(shapes);
    for (String other : others) {
      touched.add(lowering.place(other));
      extents.add(lowering.shape(other));
    }
    int last = touched.size() + chain.size() - 1;
    List<Instruction> instructions = new ArrayList<>(chain);
    if (activation != null) {
      instructions.add(
          new Instruction.Unary(
              activation.function(), activation.alpha(), activation.beta(), last++));
    }
    Pointwise pointwise = Broadcast.merge(shape, extents).pointwise(instructions, List.of(last));
    touched.add(lowering.result(node.output()));
    Target target = lowering.target();
    lowering.add(
        PointwiseStep.of(Lowering.label(node), target, pointwise, Reals.floats(touched)), touched);
  }
}
