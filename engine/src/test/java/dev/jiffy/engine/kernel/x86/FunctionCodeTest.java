package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.UnaryCases;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class FunctionCodeTest {
  @ParameterizedTest
  @EnumSource(UnaryFunction.class)
  void everyFunctionAgreesWithItsDefinition(UnaryFunction function) {
    for (Cpu cpu : Cpus.all().toList()) {
      int bytes = cpu.vectorBytes();
      for (int free = MathCode.TEMPORARIES; free < 5 && FunctionCode.suits(function); free++) {
        int until = 1 + free;
        Map<Activation, MemorySegment> loops = new HashMap<>();
        UnaryCases.verify(
            function,
            (f, alpha, beta, x, y, n) -> {
              MemorySegment code =
                  loops.computeIfAbsent(
                      new Activation(f, alpha, beta), _ -> loop(f, alpha, beta, bytes, 1, until));
              Code.call(code, x, y, (4L * n + bytes - 1) / bytes, 0, 0, 0);
            });
      }
    }
  }

  @ParameterizedTest
  @EnumSource(UnaryFunction.class)
  void otherRegistersStayAsTheyAre(UnaryFunction function) {
    for (Cpu cpu : Cpus.all().toList()) {
      int bytes = cpu.vectorBytes();
      if (!FunctionCode.suits(function)) {
        continue;
      }
      int values = bytes == 64 ? 24 : 12;
      try (Arena arena = Arena.ofConfined()) {
        long x = arena.allocate((long) values * bytes, 64).address();
        long together = arena.allocate((long) values * bytes, 64).address();
        long alone = arena.allocate((long) values * bytes, 64).address();
        for (int i = 0; i < values * bytes / 4; i++) {
          Memory.setFloat(x + 4L * i, i / 16f - 6);
        }
        int until = values + MathCode.TEMPORARIES;
        Code.call(loop(function, 0.5f, 1, bytes, values, until), x, together, 1, 0, 0, 0);
        Code.call(loop(function, 0.5f, 1, bytes, 1, 4), x, alone, values, 0, 0, 0);
        for (int i = 0; i < values * bytes / 4; i++) {
          float expected = Memory.getFloat(alone + 4L * i);
          assertEquals(expected, Memory.getFloat(together + 4L * i), "element " + i);
        }
      }
    }
  }

  /// {@return a function that applies another to so many vectors, so often}
  private static MemorySegment loop(
      UnaryFunction function, float alpha, float beta, int bytes, int vectors, int until) {
    Assembler code = new Assembler();
    Label next = code.here();
    Vector[] values = new Vector[vectors];
    for (int i = 0; i < vectors; i++) {
      values[i] = new Vector(i, bytes);
      code.op(VectorOp.MOVUPS, values[i], at(RDI, i * bytes));
    }
    FunctionCode.apply(code, new Activation(function, alpha, beta), vectors, bytes, until);
    for (int i = 0; i < vectors; i++) {
      code.op(VectorOp.MOVUPS_TO, values[i], at(RSI, i * bytes));
    }
    code.alu(GeneralAssembler.Alu.ADD, RDI, vectors * bytes);
    code.alu(GeneralAssembler.Alu.ADD, RSI, vectors * bytes);
    code.alu(GeneralAssembler.Alu.SUB, RDX, 1);
    code.jump(GeneralAssembler.Condition.NOT_EQUAL, next);
    code.vzeroupper();
    code.ret();
    return Code.load(function.name(), code.finish());
  }
}
