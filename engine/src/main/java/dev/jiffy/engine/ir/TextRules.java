package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/// Rules of the operators that read texts.
final class TextRules {
  private TextRules() {}

  static List<Fact> infer(TextOp op, Operands in) {
    return switch (op) {
      case TextOp.Join _ -> List.of(join(in));
      case TextOp.FullMatch _ -> List.of(fullMatch(in));
      case TextOp.Cut _ -> cut(in);
      case TextOp.Normalize _ -> List.of(normalize(in));
      case TextOp.CountNgrams o -> List.of(countNgrams(o, in));
    };
  }

  private static Fact join(Operands in) {
    in.expect(2, 2, 1);
    in.expect(0, DType.STRING);
    in.expect(1, DType.STRING);
    return Fact.of(DType.STRING, Dims.broadcast(in.shape(0), in.shape(1)));
  }

  private static Fact fullMatch(Operands in) {
    in.expect(1, 1, 1);
    in.expect(0, DType.STRING);
    return Fact.of(DType.BOOL, in.shape(0));
  }

  private static List<Fact> cut(Operands in) {
    in.expect(1, 1, 2);
    in.expect(0, DType.STRING);
    List<Dim> shape = in.shape(0);
    List<Dim> parts = null;
    if (shape != null) {
      parts = new ArrayList<>(shape);
      Long elements = Dims.knownProduct(shape);
      parts.add(elements != null && elements == 0 ? Dims.ZERO : in.fresh("parts"));
    }
    Fact texts = Fact.of(DType.STRING, parts);
    return in.outputs() == 1 ? List.of(texts) : List.of(texts, Fact.of(DType.I64, shape));
  }

  private static Fact normalize(Operands in) {
    in.expect(1, 1, 1);
    in.expect(0, DType.STRING);
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return Fact.unranked(DType.STRING);
    }
    boolean isRow = shape.size() == 2 && Dims.merge(shape.getFirst(), Dims.ONE) != null;
    if (shape.size() != 1 && !isRow) {
      throw new ModelException("input 0: expected a vector or one row, got " + in.fact(0));
    }
    Dim kept = in.fresh("kept");
    return Fact.of(DType.STRING, isRow ? List.of(Dims.ONE, kept) : List.of(kept));
  }

  private static Fact countNgrams(TextOp.CountNgrams op, Operands in) {
    in.expect(1, 1, 1);
    if (op.ngrams().numbers().isEmpty()) {
      in.expect(0, DType.STRING);
    } else {
      in.index(0);
    }
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return Fact.unranked(DType.F32);
    }
    if (shape.isEmpty() || shape.size() > 2) {
      throw new ModelException("input 0: expected rank 1 or 2, got " + in.fact(0));
    }
    Dim width = Dim.of(op.ngrams().width());
    return Fact.of(DType.F32, Dims.with(shape, shape.size() - 1, width));
  }
}
