package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The chains that preset and finish results, `activation(factor · source + residual + bias)`, as
/// machine code made when it is first needed.
final class FinishChains {
  private static final int SOURCE = 0;
  private static final int RESIDUAL = 1;
  private static final int BIAS = 2;
  private static final int INPUTS = 3;

  private final int vectorBytes;
  private volatile Chain[] chains = {};

  /// @param given which of the operands there are, a bit for each
  private record Chain(
      int given, float factor, @Nullable Activation activation, MemorySegment code) {
    boolean isFor(int given, float factor, @Nullable Activation activation) {
      return this.given == given
          && this.factor == factor
          && Objects.equals(this.activation, activation);
    }
  }

  FinishChains(int vectorBytes) {
    this.vectorBytes = vectorBytes;
  }

  /// {@return the code for the operands that there are}
  MemorySegment get(
      boolean source,
      boolean residual,
      boolean bias,
      float factor,
      @Nullable Activation activation) {
    int given =
        (source ? 1 << SOURCE : 0) | (residual ? 1 << RESIDUAL : 0) | (bias ? 1 << BIAS : 0);
    Chain chain = find(given, factor, activation);
    return chain == null ? make(given, factor, activation) : chain.code;
  }

  private @Nullable Chain find(int given, float factor, @Nullable Activation activation) {
    for (Chain chain : chains) {
      if (chain.isFor(given, factor, activation)) {
        return chain;
      }
    }
    return null;
  }

  private synchronized MemorySegment make(
      int given, float factor, @Nullable Activation activation) {
    Chain found = find(given, factor, activation);
    if (found != null) {
      return found.code;
    }
    MemorySegment made = Code.load("finish", emit(given, factor, activation));
    Chain[] more = Arrays.copyOf(chains, chains.length + 1);
    more[chains.length] = new Chain(given, factor, activation, made);
    chains = more;
    return made;
  }

  private byte[] emit(int given, float factor, @Nullable Activation activation) {
    boolean source = (given & 1 << SOURCE) != 0;
    boolean residual = (given & 1 << RESIDUAL) != 0;
    boolean bias = (given & 1 << BIAS) != 0;
    List<Instruction> instructions = new ArrayList<>();
    int sum = source ? SOURCE : residual ? RESIDUAL : BIAS;
    if (source && factor != 1) {
      sum = add(instructions, new Instruction.Scalar(BinaryFunction.MUL, sum, factor, false));
    }
    if (source && residual) {
      sum = add(instructions, new Instruction.Binary(BinaryFunction.ADD, sum, RESIDUAL));
    }
    if ((source || residual) && bias) {
      sum = add(instructions, new Instruction.Binary(BinaryFunction.ADD, sum, BIAS));
    }
    if (!source && factor != 1) {
      sum = add(instructions, new Instruction.Scalar(BinaryFunction.MUL, sum, factor, false));
    }
    if (activation != null) {
      float alpha = activation.alpha();
      float beta = activation.beta();
      sum = add(instructions, new Instruction.Unary(activation.function(), alpha, beta, sum));
    }
    List<Boolean> repeated = Collections.nCopies(INPUTS, false);
    PointwiseCode code =
        new PointwiseCode(vectorBytes, true, repeated, Map.of(), instructions, List.of(sum));
    return Objects.requireNonNull(code.emit());
  }

  /// {@return the operand that an instruction yields}
  private static int add(List<Instruction> instructions, Instruction instruction) {
    instructions.add(instruction);
    return INPUTS + instructions.size() - 1;
  }
}
