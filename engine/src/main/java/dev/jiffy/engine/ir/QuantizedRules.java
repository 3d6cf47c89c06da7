package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rules of the operators on quantized numbers.
final class QuantizedRules {
  private static final long MAX_BLOCK = 1 << 20;

  private QuantizedRules() {}

  static Fact infer(QuantizedOp op, Operands in) {
    return switch (op) {
      case QuantizedOp.Quantize o -> quantize(o, in);
      case QuantizedOp.Dequantize o -> dequantize(o, in);
      case QuantizedOp.ByteTable _ -> byteTable(in);
      case QuantizedOp.ByteMatMul o -> byteMatMul(o, in);
      case QuantizedOp.ByteConv o -> {
        bytes(o.zero(), o.conv().activation(), in);
        yield conv(o.conv(), o.rounding(), in);
      }
      case QuantizedOp.ByteSums o -> byteSums(o, in);
      case QuantizedOp.DynamicConv o -> {
        weights(DType.F32, o.conv().activation(), in);
        yield conv(o.conv(), null, in);
      }
      case QuantizedOp.BlockMatMul o -> blockMatMul(o, in);
    };
  }

  private static Fact quantize(QuantizedOp.Quantize op, Operands in) {
    in.expect(2, 3, 1);
    in.numeric(0);
    in.numeric(1);
    if (!op.to().isInteger()) {
      throw new ModelException("quantized: expected an integer type, got " + op.to());
    }
    if (in.has(2)) {
      in.expect(2, op.to());
    }
    checkScales(op.axis(), op.block(), in);
    return Fact.of(op.to(), in.shape(0));
  }

  private static Fact dequantize(QuantizedOp.Dequantize op, Operands in) {
    in.expect(2, 3, 1);
    in.integer(0);
    in.floating(1);
    in.same(2, 0);
    checkScales(op.axis(), op.block(), in);
    return Fact.of(in.dtype(1), in.shape(0));
  }

  private static Fact byteTable(Operands in) {
    in.expect(2, 2, 1);
    for (int i = 0; i < 2; i++) {
      if (in.dtype(i) != DType.U8 && in.dtype(i) != DType.I8) {
        throw in.wrongType(i, "u8 or i8");
      }
    }
    List<Dim> table = in.shape(1);
    if (table != null && !(table.size() == 1 && table.getFirst().is(256))) {
      throw new ModelException("table: expected 256 bytes, got " + in.fact(1));
    }
    return Fact.of(in.dtype(1), in.shape(0));
  }

  private static void checkScales(long axis, long block, Operands in) {
    if (block < 0) {
      throw new ModelException("block: expected at least 0, got " + block);
    }
    List<Dim> x = in.shape(0);
    List<Dim> scale = in.shape(1);
    if (in.has(2) && !isOne(in.shape(2))) {
      Dims.merge("zero point", isOne(scale) ? ones(in.shape(2)) : scale, in.shape(2));
    }
    if (x == null || scale == null) {
      return;
    }
    if (block > 0) {
      checkBlocks(axis, block, x, scale, in);
    } else if (scale.size() == 1 && !scale.getFirst().is(1)) {
      Dim extent = x.isEmpty() ? Dims.ONE : x.get(Operands.axis(axis, x.size()));
      Dims.merge("scale", List.of(extent), scale);
    } else if (scale.size() > 1) {
      throw new ModelException("scale: expected a scalar or a vector, got " + in.fact(1));
    }
  }

  private static @Nullable List<Dim> ones(@Nullable List<Dim> shape) {
    return shape == null ? null : Collections.nCopies(shape.size(), Dims.ONE);
  }

  private static boolean isOne(@Nullable List<Dim> shape) {
    return shape != null && shape.stream().allMatch(dim -> dim.is(1));
  }

  private static void checkBlocks(
      long axis, long block, List<Dim> x, List<Dim> scale, Operands in) {
    int along = Operands.axis(axis, x.size());
    boolean fits = scale.size() == x.size();
    for (int d = 0; fits && d < x.size(); d++) {
      if (d != along) {
        fits = Dims.merge(x.get(d), scale.get(d)) != null;
      } else if (x.get(d) instanceof Dim.Known(long n)
          && scale.get(d) instanceof Dim.Known(long s)) {
        fits = s == n / block + (n % block == 0 ? 0 : 1);
      }
    }
    if (!fits) {
      throw new ModelException(
          "scale: expected one for each block of %d along axis %d of %s, got %s"
              .formatted(block, along, Dims.text(x), in.fact(1)));
    }
  }

  private static void weights(DType x, Op.@Nullable Unary activation, Operands in) {
    in.expect(3, 4, 1);
    in.expect(0, x);
    centred(1, in);
    in.expect(2, DType.F32);
    in.same(3, 2);
    ElementwiseRules.activation(activation, DType.F32);
  }

  /// Weights less their zero point are I8, or I16 where they do not fit.
  static void centred(int input, Operands in) {
    DType type = in.dtype(input);
    if (type != DType.I8 && type != DType.I16) {
      throw in.wrongType(input, "i8 or i16");
    }
  }

  private static void bytes(int zero, Op.@Nullable Unary activation, Operands in) {
    weights(DType.U8, activation, in);
    zero(zero);
  }

  private static void zero(int zero) {
    if (zero < 0 || zero > 255) {
      throw new ModelException("zero point: expected 0 to 255, got " + zero);
    }
  }

  private static Fact result(
      QuantizedOp.@Nullable Rounding rounding, @Nullable List<Dim> shape, Operands in, Dim vector) {
    for (int i = 2; i < 4; i++) {
      if (in.has(i)) {
        Dims.merge("input " + i, List.of(vector), in.shape(i));
      }
    }
    return Fact.of(rounding == null ? DType.F32 : DType.U8, shape);
  }

  private static Fact byteMatMul(QuantizedOp.ByteMatMul op, Operands in) {
    bytes(op.zero(), op.activation(), in);
    List<Dim> x = in.shape(0);
    List<Dim> w = in.shape(1, 2);
    Dim columns = w == null ? in.fresh("columns") : w.get(1);
    return result(
        op.rounding(), x == null || w == null ? null : MatrixRules.product(x, w, in), in, columns);
  }

  private static Fact byteSums(QuantizedOp.ByteSums op, Operands in) {
    in.expect(2, 2, 1);
    in.expect(0, DType.U8);
    centred(1, in);
    zero(op.zero());
    if (op.conv() != null) {
      return Fact.of(DType.I32, WindowRules.convolved(op.conv(), in));
    }
    List<Dim> x = in.shape(0);
    List<Dim> w = in.shape(1, 2);
    return Fact.of(DType.I32, x == null || w == null ? null : MatrixRules.product(x, w, in));
  }

  private static Fact conv(Op.Conv conv, QuantizedOp.@Nullable Rounding rounding, Operands in) {
    List<Dim> w = in.shape(1);
    Dim channels = w == null ? in.fresh("channels") : w.get(0);
    return result(rounding, WindowRules.convolved(conv, in), in, channels);
  }

  private static Fact blockMatMul(QuantizedOp.BlockMatMul op, Operands in) {
    in.expect(3, 6, 1);
    in.floating(0);
    in.expect(1, DType.U8);
    in.same(2, 0);
    in.same(4, 0);
    in.same(5, 0);
    ElementwiseRules.activation(op.activation(), in.dtype(0));
    boolean isBlock = op.block() >= 16 && op.block() <= MAX_BLOCK && Long.bitCount(op.block()) == 1;
    if (op.k() < 1 || op.columns() < 1 || !isBlock) {
      throw new ModelException(
          "expected rows, columns and blocks of a power of two from 16 to %d, got %d, %d and %d"
              .formatted(MAX_BLOCK, op.k(), op.columns(), op.block()));
    }
    List<Dim> packed = dims(op.columns(), op.blocks(), op.block() * op.bits() / 8);
    Dims.merge("weights", packed, in.shape(1));
    elements("scales", Math.multiplyExact(op.columns(), op.blocks()), 2, in);
    if (in.has(3)) {
      in.expect(3, DType.U8);
      elements("zero points", Math.multiplyExact(op.columns(), op.zeroBytes()), 3, in);
    }
    if (in.has(4)) {
      Dims.merge("bias", dims(op.columns()), in.shape(4));
    }
    List<Dim> x = in.shape(0);
    List<Dim> residual = in.has(5) ? in.shape(5) : null;
    List<Dim> shape = x == null ? residual : MatrixRules.product(x, dims(op.k(), op.columns()), in);
    return Fact.of(in.dtype(0), in.has(5) ? Dims.merge("residual", shape, residual) : shape);
  }

  private static List<Dim> dims(long... extents) {
    return Dims.of(extents);
  }

  private static void elements(String what, long expected, int input, Operands in) {
    List<Dim> shape = in.shape(input);
    long count = 1;
    for (Dim dim : shape == null ? List.<Dim>of() : shape) {
      if (!(dim instanceof Dim.Known(long extent))) {
        return;
      }
      count = Math.multiplyExact(count, extent);
    }
    if (shape != null && count != expected) {
      throw new ModelException(
          "%s: expected %d elements, got %s".formatted(what, expected, in.fact(input)));
    }
  }
}
