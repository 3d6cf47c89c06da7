package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Rules are asked about the nodes that they are for.
class RuleTest {
  @Test
  void rulesLookAtWhatFormulasEndIn() {
    assertLooks(Rule.ACTIVATIONS, Activations.FORMULAS);
    assertLooks(Rule.LAYER_NORMS, Normalizations.FORMULAS);
  }

  private static void assertLooks(Rule rule, List<Fusion> fusions) {
    List<Object> kinds = new ArrayList<>();
    Collections.addAll(kinds, UnaryFunction.values());
    Collections.addAll(kinds, BinaryFunction.values());
    for (Fusion fusion : fusions) {
      for (Pattern formula : fusion.formulas()) {
        for (Object kind : kinds) {
          assertTrue(!formula.endsIn(kind) || rule.looksAt(kind), () -> rule + ": " + kind);
        }
      }
    }
  }

  @Test
  void aClassStandsForAllFunctions() {
    assertTrue(Rule.EPILOGUES.looksAt(UnaryFunction.TANH));
    assertTrue(Rule.EPILOGUES.looksAt(BinaryFunction.ADD));
    assertFalse(Rule.EPILOGUES.looksAt(BinaryFunction.MUL));
    assertFalse(Rule.EPILOGUES.looksAt(Op.MatMul.class));
    assertTrue(Rule.COMMON_SUBEXPRESSIONS.looksAt(Op.MatMul.class));
  }
}
