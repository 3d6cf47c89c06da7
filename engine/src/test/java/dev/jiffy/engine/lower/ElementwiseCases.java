package dev.jiffy.engine.lower;

import static dev.jiffy.engine.lower.Samples.broadcast;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Functions of single elements over sizes, types, broadcasts and extreme numbers.
final class ElementwiseCases {
  private ElementwiseCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    unary(cases);
    binary(cases);
    integers(cases);
    where(cases);
    casts(cases);
    return cases;
  }

  private static void unary(List<OpCase> cases) {
    for (UnaryFunction function : UnaryFunction.values()) {
      if (function == UnaryFunction.NOT || function == UnaryFunction.BITWISE_NOT) {
        continue;
      }
      float alpha = function == UnaryFunction.CLIP ? -1.5f : 0.75f;
      float beta = function == UnaryFunction.CLIP ? 1.25f : 0.5f;
      Op op = new Op.Unary(function, alpha, beta);
      for (Tensor x :
          List.of(
              Samples.floats(1, 67),
              Samples.floats(2, 3, 0),
              Samples.floats(3),
              Tensor.of(Samples.EXTREMES, Samples.EXTREMES.length),
              Samples.as(DType.F64, Samples.floats(4, 5, 3)),
              Samples.as(DType.F16, Samples.floats(4, 5, 3)),
              Samples.as(DType.BF16, Samples.floats(4, 5, 3)))) {
        cases.add(
            OpCase.of(function + "", op, i -> function.apply(Samples.at(x, i), alpha, beta), x));
      }
    }
    Tensor truth = Samples.integers(DType.BOOL, 5, 0, 2, 17);
    cases.add(
        OpCase.of("NOT", new Op.Unary(UnaryFunction.NOT), i -> 1 - truth.getDouble(i[0]), truth));
    Tensor bits = Samples.integers(DType.U8, 6, 0, 256, 17);
    cases.add(
        OpCase.of(
            "BITWISE_NOT",
            new Op.Unary(UnaryFunction.BITWISE_NOT),
            i -> 255 - bits.getDouble(i[0]),
            bits));
  }

  private static final List<BinaryFunction> REAL =
      List.of(
          BinaryFunction.ADD,
          BinaryFunction.SUB,
          BinaryFunction.MUL,
          BinaryFunction.DIV,
          BinaryFunction.POW,
          BinaryFunction.FMOD,
          BinaryFunction.MIN,
          BinaryFunction.MAX,
          BinaryFunction.PRELU,
          BinaryFunction.EQUAL,
          BinaryFunction.LESS,
          BinaryFunction.LESS_OR_EQUAL,
          BinaryFunction.GREATER,
          BinaryFunction.GREATER_OR_EQUAL);

  private static void binary(List<OpCase> cases) {
    int extremes = Samples.EXTREMES.length;
    List<List<Tensor>> pairs = new ArrayList<>();
    for (long size : Samples.SIZES) {
      pairs.add(List.of(Samples.floats(1, size), Samples.floats(2, size)));
    }
    pairs.add(List.of(Samples.floats(3, 5, 1, 17), Samples.floats(4, 3, 1)));
    pairs.add(List.of(Samples.floats(3, 2, 3, 4), Samples.floats(4)));
    pairs.add(List.of(Samples.floats(3), Samples.floats(4)));
    pairs.add(List.of(Samples.floats(5, 1, 65), Samples.floats(6, 3, 65)));
    pairs.add(List.of(Samples.floats(5, 3, 65), Samples.floats(6, 3, 1)));
    pairs.add(List.of(Samples.floats(5, 0, 3), Samples.floats(6, 1, 3)));
    pairs.add(
        List.of(
            Tensor.of(Samples.EXTREMES, extremes, 1), Tensor.of(Samples.EXTREMES, 1, extremes)));
    for (BinaryFunction function : REAL) {
      for (List<Tensor> pair : pairs) {
        Tensor x = pair.get(0);
        Tensor y = pair.get(1);
        boolean broadcastsX = !x.shape().equals(y.shape()) && y.shape().elements() > 1;
        if (function != BinaryFunction.PRELU || !broadcastsX) {
          cases.add(real(function, x, y));
        }
      }
    }
    Tensor small = Samples.floats(7, 3, 5);
    for (DType dtype : List.of(DType.F64, DType.F16, DType.BF16)) {
      cases.add(real(BinaryFunction.ADD, Samples.as(dtype, small), Samples.as(dtype, small)));
    }
  }

  private static OpCase real(BinaryFunction function, Tensor x, Tensor y) {
    return OpCase.of(
        function + "",
        new Op.Binary(function),
        i -> function.apply(broadcast(x, i), broadcast(y, i)),
        x,
        y);
  }

  private static void integers(List<OpCase> cases) {
    for (DType dtype : List.of(DType.I32, DType.I64, DType.U8)) {
      long low = dtype == DType.U8 ? 1 : -9;
      Tensor x = Samples.integers(dtype, 8, low, 90, 3, 17);
      Tensor y = Samples.integers(dtype, 9, 1, 10, 17);
      for (BinaryFunction function : List.of(BinaryFunction.DIV, BinaryFunction.MIN)) {
        cases.add(
            OpCase.of(
                function + "",
                new Op.Binary(function),
                i -> {
                  double a = broadcast(x, i);
                  double b = broadcast(y, i);
                  return function == BinaryFunction.MIN ? Math.min(a, b) : truncated(a / b);
                },
                x,
                y));
      }
      cases.add(
          OpCase.of(
              "MOD",
              new Op.Binary(BinaryFunction.MOD),
              i -> {
                double b = broadcast(y, i);
                return ((broadcast(x, i) % b) + b) % b;
              },
              x,
              y));
    }
  }

  private static double truncated(double x) {
    return x < 0 ? Math.ceil(x) : Math.floor(x);
  }

  private static void where(List<OpCase> cases) {
    Tensor condition = Samples.integers(DType.BOOL, 1, 0, 2, 3, 1, 17);
    Tensor x = Samples.floats(2, 5, 17);
    Tensor y = Samples.floats(3, 1);
    cases.add(
        OpCase.of(
            "broadcast",
            new Op.Where(),
            i -> broadcast(condition, i) != 0 ? broadcast(x, i) : broadcast(y, i),
            condition,
            x,
            y));
  }

  private static void casts(List<OpCase> cases) {
    Tensor x = Samples.between(4, 0, 120, 33);
    for (DType to : DType.values()) {
      if (to == DType.STRING) {
        continue;
      }
      Tensor exact = Samples.as(to, x);
      cases.add(OpCase.of("f32 to " + to, new Op.Cast(to, true), i -> Samples.at(exact, i), x));
      cases.add(
          OpCase.of(
              to + " to f32",
              new Op.Cast(DType.F32, true),
              i -> (double) (float) Samples.at(exact, i),
              exact));
    }
  }
}
