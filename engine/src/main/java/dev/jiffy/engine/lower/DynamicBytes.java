package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;

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
    NarrowKernels narrow = lowering.target().matrices().narrow();
    ByteKernels kernels = narrow == null ? null : narrow.bytes();
    String label = Lowering.label(node);
    Target target = lowering.target();
    long elements = lowering.shape(node.input(0)).elements();
    boolean asBytes = kernels != null && kernels.suits(convolution);
    Place numbers = lowering.planned(DynamicBytesStep.NUMBERS);
    Place x = lowering.planned(asBytes ? elements : 4 * elements);
    quantize(label, asBytes, node.input(0), x, numbers, lowering);
    Place y = lowering.result(node.output());
    if (kernels != null && asBytes) {
      Place packed =
          lowering.fixed(lowering.weights().bytesConv(kernels, convolution, w, scales, bias));
      lowering.add(
          new ByteConvStep(label, target, kernels, convolution, x, numbers, packed, y),
          x,
          numbers,
          y);
    } else {
      ConvGeometry geometry = convolution.geometry();
      Place packed = lowering.fixed(lowering.weights().scaledConv(geometry, w, scales));
      Place added = lowering.place(node.input(3));
      lowering.add(
          new ConvStep(label, target, geometry, false, x, packed, added, Place.ABSENT, y),
          x,
          added,
          y);
    }
    return true;
  }
}
