package dev.jiffy.engine.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class RuleTest {
  private static List<RuleCase> cases() {
    List<RuleCase> cases = new ArrayList<>(ElementRuleCases.CASES);
    cases.addAll(ShapeRuleCases.CASES);
    cases.addAll(MovementRuleCases.CASES);
    cases.addAll(NeuralRuleCases.CASES);
    cases.addAll(QuantizedRuleCases.CASES);
    cases.addAll(RecurrentRuleCases.CASES);
    cases.addAll(BranchRuleCases.CASES);
    cases.addAll(TableRuleCases.CASES);
    cases.addAll(TextRuleCases.CASES);
    cases.addAll(FamilyRuleCases.CASES);
    cases.addAll(LoopRuleCases.CASES);
    cases.addAll(SequenceRuleCases.CASES);
    return cases;
  }

  @TestFactory
  Stream<DynamicTest> rules() {
    return cases().stream()
        .map(c -> DynamicTest.dynamicTest(GraphText.of(c.op()) + " " + c.inputs(), () -> check(c)));
  }

  private static void check(RuleCase c) {
    if (c.fails()) {
      assertEquals(c.expected(), assertThrows(ModelException.class, c::run).getMessage());
    } else {
      assertEquals(c.expected(), c.run());
    }
  }

  /// Families whose rules are tested with what they compute.
  private static final Set<Class<?>> ELSEWHERE = Set.of(Foreign.class, TextOp.class);

  /// Operators, and the records of families that have files of their own.
  private static List<Class<?>> kinds(Class<?> type) {
    List<Class<?>> kinds = new ArrayList<>();
    for (Class<?> kind : type.getPermittedSubclasses()) {
      if (ELSEWHERE.contains(kind)) {
        continue;
      }
      if (kind.isSealed()) {
        kinds.addAll(kinds(kind));
      } else {
        kinds.add(kind);
      }
    }
    return kinds;
  }

  @Test
  void everyOperatorHasAGoodAndABadCase() {
    Set<String> missing = new TreeSet<>();
    for (Class<?> op : kinds(Op.class)) {
      for (boolean fails : new boolean[] {false, true}) {
        boolean there = cases().stream().anyMatch(c -> op.isInstance(c.op()) && c.fails() == fails);
        if (!there) {
          missing.add(op.getSimpleName() + (fails ? " bad" : " good"));
        }
      }
    }
    assertEquals(Set.of(), missing);
  }

  @Test
  void extentsBeyond64BitsAreRefused() {
    Fact huge = Fact.of(DType.F32, Long.MAX_VALUE, 2);
    Fact twice = new Fact(DType.I64, List.of(Dim.of(2)), List.of(Dim.of(3), Dim.of(1)));
    ModelException failure =
        assertThrows(
            ModelException.class,
            () ->
                Inference.infer(
                    new Op.Tile(), List.of(huge, twice), List.of(), 1, new NameSource()));
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.startsWith("a number of the shape exceeds 64 bits"), message);
  }

  @Test
  void valuesThatWrapAroundAreNotFollowed() {
    Fact last = new Fact(DType.I32, List.of(), List.of(Dim.of(Integer.MAX_VALUE)));
    Op add = new Op.Binary(dev.jiffy.engine.function.BinaryFunction.ADD);
    List<Fact> sum = Inference.infer(add, List.of(last, last), List.of(), 1, new NameSource());
    assertEquals("i32[]", sum.getFirst().toString());
  }

  @Test
  void constantsGiveValues() {
    Fact data = Fact.of(DType.F32, 4, 6);
    Fact shape = Fact.of(DType.I64, 3);
    List<Fact> reshaped =
        Inference.infer(
            new Op.Reshape(false),
            List.of(data, shape),
            java.util.Arrays.asList(null, Tensor.of(new long[] {2, -1, 3}, 3)),
            1,
            new NameSource());
    assertEquals("f32[2×4×3]", reshaped.getFirst().toString());
  }
}
