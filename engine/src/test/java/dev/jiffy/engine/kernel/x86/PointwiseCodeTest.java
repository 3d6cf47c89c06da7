package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.tensor.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PointwiseCodeTest {
  /// Maps of the JDK may have another order in each process.
  @Test
  void codeDoesNotDependOnTheOrderOfAMap() {
    SequencedMap<Integer, Affine> bytes = new LinkedHashMap<>();
    for (int operand = 0; operand < 4; operand++) {
      bytes.put(operand, new Affine(DType.U8, 0.5f / (operand + 1), 100 + operand));
    }
    byte @Nullable [] code = emit(bytes);
    assertNotNull(code);
    assertArrayEquals(code, emit(bytes.reversed()));
  }

  private static byte @Nullable [] emit(Map<Integer, Affine> bytes) {
    List<Instruction> instructions =
        List.of(
            new Instruction.Binary(BinaryFunction.ADD, 0, 1),
            new Instruction.Binary(BinaryFunction.MUL, 2, 3));
    return new PointwiseCode(
            64, false, List.of(false, false, false), bytes, instructions, List.of(4))
        .emit();
  }
}
