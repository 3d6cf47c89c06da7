package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import java.util.List;

/// Rules of the operators that pick so much as the elements themselves decide.
final class SelectionRules {
  private SelectionRules() {}

  static List<Fact> infer(SelectionOp op, Operands in) {
    return switch (op) {
      case SelectionOp.SuppressOverlaps _ -> List.of(suppressOverlaps(in));
      case SelectionOp.Unique o -> unique(o, in);
    };
  }

  private static Fact suppressOverlaps(Operands in) {
    in.expect(2, 5, 1);
    in.expect(0, DType.F32);
    in.expect(1, DType.F32);
    List<Dim> boxes = in.shape(0, 3);
    List<Dim> scores = in.shape(1, 3);
    if (boxes != null && Dims.merge(boxes.get(2), Dim.of(4)) == null) {
      throw new ModelException("boxes: expected 4 numbers, got " + in.fact(0));
    }
    if (boxes != null
        && scores != null
        && (Dims.merge(boxes.get(0), scores.get(0)) == null
            || Dims.merge(boxes.get(1), scores.get(2)) == null)) {
      throw new ModelException(
          "scores: expected those of %s boxes in %s images, got %s"
              .formatted(boxes.get(1), boxes.get(0), in.fact(1)));
    }
    if (in.has(2)) {
      in.index(2);
    }
    for (int i = 3; i < 5; i++) {
      if (in.has(i)) {
        in.expect(i, DType.F32);
      }
    }
    return Fact.of(DType.I64, List.of(in.fresh("selected"), Dim.of(3)));
  }

  private static List<Fact> unique(SelectionOp.Unique op, Operands in) {
    in.expect(1, 1, 4);
    List<Dim> shape = in.shape(0);
    Long along = op.axis();
    Dim count = in.fresh("unique");
    Dim places = in.fresh("places");
    List<Dim> dims = along == null ? List.of(count) : null;
    if (shape != null) {
      int axis = along == null ? 0 : Operands.axis(along, shape.size());
      dims = along == null ? dims : Dims.with(shape, axis, count);
      places = along == null ? Dims.product(shape) : shape.get(axis);
    }
    Fact each = Fact.of(DType.I64, List.of(count));
    List<Fact> all =
        List.of(Fact.of(in.dtype(0), dims), each, Fact.of(DType.I64, List.of(places)), each);
    return all.subList(0, in.outputs());
  }
}
