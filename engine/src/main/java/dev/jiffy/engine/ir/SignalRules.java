package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rules of the operators on signals.
final class SignalRules {
  private static final Dim TWO = Dim.of(2);

  private SignalRules() {}

  static Fact infer(SignalOp op, Operands in) {
    return switch (op) {
      case SignalOp.Fourier o -> fourier(o, in);
      case SignalOp.ShortTimeFourier o -> shortTime(o, in);
      case SignalOp.MelWeights o -> melWeights(o, in);
    };
  }

  private static Fact fourier(SignalOp.Fourier op, Operands in) {
    in.expect(1, 3, 1);
    in.floating(0);
    for (int i = 1; i < 3; i++) {
      if (in.has(i)) {
        in.index(i);
      }
    }
    List<Dim> shape = in.shape(0);
    if (op.inverse() && op.oneSided()) {
      throw new ModelException("an inverse transform cannot be one-sided");
    }
    if (shape == null) {
      return Fact.unranked(in.dtype(0));
    }
    if (shape.size() < 2) {
      throw new ModelException("input 0: expected rank 2 or more, got " + in.fact(0));
    }
    numbers(shape.getLast(), op.oneSided(), in);
    Dim axis = in.has(2) ? in.scalar(2) : Dim.of(-2);
    Dim length = in.has(1) ? in.scalar(1) : null;
    List<Dim> dims = new ArrayList<>(shape);
    dims.set(shape.size() - 1, TWO);
    if (!(axis instanceof Dim.Known known)) {
      for (int i = 0; i < shape.size() - 1; i++) {
        dims.set(i, in.fresh("frequencies"));
      }
      return Fact.of(in.dtype(0), dims);
    }
    int at = Operands.axis(known.value(), shape.size());
    if (at == shape.size() - 1) {
      throw new ModelException("axis " + known + ": it holds the parts of complex numbers");
    }
    Dim points = length != null ? length : in.has(1) ? in.fresh("length") : shape.get(at);
    dims.set(at, frequencies(points, op.oneSided()));
    return Fact.of(in.dtype(0), dims);
  }

  /// Checks that numbers are real or complex.
  private static void numbers(Dim parts, boolean oneSided, Operands in) {
    boolean isReal = Dims.merge(parts, Dims.ONE) != null;
    boolean isComplex = Dims.merge(parts, TWO) != null;
    if (!isReal && !isComplex) {
      throw new ModelException(
          "input 0: expected 1 or 2 numbers in the last dimension, got " + in.fact(0));
    }
    if (!isReal && oneSided) {
      throw new ModelException("the transform of complex numbers cannot be one-sided");
    }
  }

  private static Dim frequencies(Dim length, boolean oneSided) {
    if (length instanceof Dim.Known n && n.value() < 1) {
      throw new ModelException("length: expected at least 1, got " + n);
    }
    return oneSided ? Dims.add(Dims.floorDivide(length, TWO), 1) : length;
  }

  private static Fact shortTime(SignalOp.ShortTimeFourier op, Operands in) {
    in.expect(2, 4, 1);
    DType dtype = in.floating(0);
    in.index(1);
    in.same(2, 0);
    if (in.has(3)) {
      in.index(3);
    } else if (!in.has(2)) {
      throw new ModelException("either a window or a length is needed");
    }
    List<Dim> shape = in.shape(0);
    Dim step = in.scalar(1);
    Dim length = length(in);
    Dim batch = in.fresh("batch");
    Dim frames = in.fresh("frames");
    if (shape != null) {
      if (shape.size() < 2 || shape.size() > 3) {
        throw new ModelException("input 0: expected rank 2 or 3, got " + in.fact(0));
      }
      if (shape.size() == 3) {
        numbers(shape.getLast(), op.oneSided(), in);
      }
      batch = shape.getFirst();
      if (step instanceof Dim.Known(long hop) && length instanceof Dim.Known) {
        if (hop < 1) {
          throw new ModelException("step: expected at least 1, got " + hop);
        }
        frames = frames(shape.get(1), hop, length, in);
      }
    }
    Dim points = length == null ? in.fresh("frequencies") : frequencies(length, op.oneSided());
    return Fact.of(dtype, List.of(batch, frames, points, TWO));
  }

  private static Dim frames(Dim samples, long step, Dim length, Operands in) {
    Dim rest = Dims.subtract(samples, length);
    if (rest instanceof Dim.Known(long over) && over < 0) {
      throw new ModelException(
          "input 0: expected at least the " + length + " samples of a frame, got " + in.fact(0));
    }
    return Dims.add(Dims.floorDivide(rest, Dim.of(step)), 1);
  }

  private static @Nullable Dim length(Operands in) {
    Dim given = in.has(3) ? in.scalar(3) : null;
    List<Dim> window = in.has(2) ? in.shape(2, 1) : null;
    if (given == null || window == null) {
      return given != null || window == null ? given : window.getFirst();
    }
    Dim length = Dims.merge(given, window.getFirst());
    if (length == null) {
      throw new ModelException("window: expected " + given + " elements, got " + in.fact(2));
    }
    return length;
  }

  private static Fact melWeights(SignalOp.MelWeights op, Operands in) {
    in.expect(5, 5, 1);
    for (int i = 0; i < 3; i++) {
      in.index(i);
    }
    for (int i = 3; i < 5; i++) {
      in.floating(i);
      in.scalar(i);
    }
    Dim bands = in.scalar(0);
    Dim length = in.scalar(1);
    for (Dim number : java.util.Arrays.asList(bands, length, in.scalar(2))) {
      if (number instanceof Dim.Known n && n.value() < 1) {
        throw new ModelException("bands, length and rate: expected at least 1, got " + n);
      }
    }
    return Fact.of(
        op.dtype(),
        List.of(
            length == null ? in.fresh("frequencies") : frequencies(length, true),
            bands == null ? in.fresh("bands") : bands));
  }
}
