package dev.jiffy.engine.kernel.x86;

import org.jspecify.annotations.Nullable;

/// What an instruction reads last: a vector register or memory.
///
/// What an encoding asks of it are methods, not switches over its types: thousands of instructions
/// are written before any of this is compiled, and a switch over types costs several calls there.
sealed interface Operand {
  /// {@return whether one element of memory stands for a whole vector}
  boolean broadcast();

  /// {@return what a prefix holds of the operand's registers: 1 for bit 3 of the base or of the
  /// vector, 2 for bit 3 of the index or bit 4 of the vector}
  int extension();

  /// A vector register.
  ///
  /// @param number 0 to 31; from 16 on with AVX-512 only
  /// @param bytes its width: 16 (xmm), 32 (ymm) or 64 (zmm)
  record Vector(int number, int bytes) implements Operand {
    static Vector xmm(int number) {
      return new Vector(number, 16);
    }

    static Vector ymm(int number) {
      return new Vector(number, 32);
    }

    static Vector zmm(int number) {
      return new Vector(number, 64);
    }

    @Override
    public boolean broadcast() {
      return false;
    }

    @Override
    public int extension() {
      return number >> 3;
    }

    /// {@return the register of the same number and another width}
    Vector as(int width) {
      return new Vector(number, width);
    }
  }

  /// Memory.
  sealed interface Memory extends Operand {}

  /// Memory at `base + index · scale + displacement`.
  ///
  /// @param base the register added as it is
  /// @param index the register that is scaled, or null; not `RSP`
  /// @param scale 1, 2, 4 or 8
  /// @param displacement bytes
  /// @param broadcast whether one element stands for a whole vector; AVX-512 only
  record Address(
      Register base, @Nullable Register index, int scale, int displacement, boolean broadcast)
      implements Memory {
    public Address {
      if (index == Register.RSP) {
        throw new IllegalArgumentException("RSP cannot be an index");
      }
    }

    static Address at(Register base) {
      return new Address(base, null, 1, 0, false);
    }

    static Address at(Register base, int displacement) {
      return new Address(base, null, 1, displacement, false);
    }

    static Address at(Register base, Register index, int scale, int displacement) {
      return new Address(base, index, scale, displacement, false);
    }

    @Override
    public int extension() {
      return (index == null ? 0 : (index.number() & 8) >> 2) | ((base.number() & 8) >> 3);
    }

    /// {@return the memory so many bytes further}
    Address plus(int bytes) {
      return new Address(base, index, scale, displacement + bytes, broadcast);
    }

    /// {@return one element of the memory, repeated}
    Address repeated() {
      return new Address(base, index, scale, displacement, true);
    }
  }

  /// Memory at a label within the code, for constants.
  ///
  /// @param label where
  /// @param broadcast whether one element stands for a whole vector; AVX-512 only
  record Relative(Label label, boolean broadcast) implements Memory {
    @Override
    public int extension() {
      return 0;
    }
  }
}
