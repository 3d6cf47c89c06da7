package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/// Rules of normalisations.
final class NormRules {
  private NormRules() {}

  static Fact batchNorm(Op.BatchNorm op, Operands in) {
    in.expect(5, 5, 1);
    in.floating(0);
    List<Dim> x = in.shape(0);
    for (int i = 1; i < 5; i++) {
      if (!in.dtype(i).isFloat()) {
        throw in.wrongType(i, "a floating-point type");
      }
    }
    List<Dim> channels = x == null ? null : List.of(channels(op, x, in));
    for (int i = 1; i < 5; i++) {
      channels = Dims.merge("input " + i, channels, in.shape(i));
    }
    return in.fact(0);
  }

  private static Dim channels(Op.BatchNorm op, List<Dim> x, Operands in) {
    return switch (x.size()) {
      case 0 ->
          throw new ModelException("input 0: expected a rank of at least 1, got " + in.fact(0));
      case 1 -> Dims.ONE; // the dimension is the batch
      default -> x.get(WindowRules.channelAxis(op.layout(), x.size()));
    };
  }

  static List<Fact> layerNorm(Op.LayerNorm op, Operands in) {
    in.expect(1, 4, 3);
    DType dtype = in.floating(0);
    for (int i = 1; i < 4; i++) {
      in.same(i, 0);
    }
    List<Dim> x = in.has(3) ? Dims.merge("residual", in.shape(0), in.shape(3)) : in.shape(0);
    DType statistics = dtype == DType.F64 ? DType.F64 : DType.F32;
    List<Fact> facts = new ArrayList<>();
    facts.add(Fact.of(dtype, x));
    List<Dim> reduced = null;
    if (x != null) {
      int axis = Operands.axis(op.axis(), x.size());
      for (int i = 1; i < 3; i++) {
        if (in.has(i)) {
          Dims.checkBroadcastTo("input " + i, in.shape(i), x.subList(axis, x.size()));
        }
      }
      Dim[] dims = x.toArray(new Dim[0]);
      java.util.Arrays.fill(dims, axis, dims.length, Dims.ONE);
      reduced = List.of(dims);
    }
    for (int i = 1; i < in.outputs(); i++) {
      facts.add(Fact.of(statistics, reduced));
    }
    return facts;
  }

  static Fact instanceNorm(Operands in) {
    in.expect(3, 3, 1);
    in.floating(0);
    in.same(1, 0);
    in.same(2, 0);
    List<Dim> x = in.shape(0);
    if (x != null) {
      if (x.size() < 3) {
        throw new ModelException(
            "input 0: expected batch, channels and spatial dimensions, got " + in.fact(0));
      }
      List<Dim> channels = Dims.merge("scale", List.of(x.get(1)), in.shape(1));
      Dims.merge("bias", channels, in.shape(2));
    }
    return in.fact(0);
  }

  static Fact lrn(Op.Lrn op, Operands in) {
    in.expect(1, 1, 1);
    in.floating(0);
    List<Dim> x = in.shape(0);
    if (op.size() < 1) {
      throw new ModelException("size: expected at least 1, got " + op.size());
    }
    if (x != null && x.size() < 2) {
      throw new ModelException("input 0: expected batch and channels, got " + in.fact(0));
    }
    return in.fact(0);
  }
}
