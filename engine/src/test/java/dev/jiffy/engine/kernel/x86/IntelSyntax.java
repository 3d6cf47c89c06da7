package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Operands as the GNU disassembler writes them in Intel's syntax.
final class IntelSyntax {
  private static final Map<Integer, String> SIZES =
      Map.of(
          1, "BYTE", 2, "WORD", 4, "DWORD", 8, "QWORD", 16, "XMMWORD", 32, "YMMWORD", 64,
          "ZMMWORD");

  private static final List<String> OLD_NAMES =
      List.of("ax", "cx", "dx", "bx", "sp", "bp", "si", "di");

  private IntelSyntax() {}

  /// {@return a 64-bit register}
  static String name(Register register) {
    return register.name().toLowerCase(Locale.ROOT);
  }

  /// {@return the low 32 bits of a register}
  static String low(Register register) {
    int number = register.number();
    return number < 8 ? "e" + OLD_NAMES.get(number) : name(register) + "d";
  }

  static String name(Vector vector) {
    return (vector.bytes() == 64 ? "zmm" : vector.bytes() == 32 ? "ymm" : "xmm") + vector.number();
  }

  /// {@return a mask behind the operand that it guards}
  static String guard(Mask mask, boolean zeroing) {
    return mask.number() == 0 ? "" : "{k" + mask.number() + "}" + (zeroing ? "{z}" : "");
  }

  /// {@return a number that stands for itself}
  ///
  /// @param value the number, extended by its sign to 64 bits
  static String number(long value) {
    return "0x" + Long.toHexString(value);
  }

  /// {@return an operand in memory}
  ///
  /// @param bytes its size
  static String memory(Address address, int bytes) {
    return SIZES.get(bytes) + (address.broadcast() ? " BCST " : " PTR ") + place(address);
  }

  /// {@return an operand in memory at a distance from the next instruction}
  ///
  /// @param bytes its size
  static String relative(long distance, int bytes, boolean broadcast) {
    return SIZES.get(bytes) + (broadcast ? " BCST " : " PTR ") + "[rip+" + number(distance) + "]";
  }

  /// {@return an address}
  static String place(Address address) {
    StringBuilder text = new StringBuilder("[").append(name(address.base()));
    Register index = address.index();
    if (index != null) {
      text.append('+').append(name(index)).append('*').append(address.scale());
    }
    int displacement = address.displacement();
    boolean needed = (address.base().number() & 7) == 5; // RBP and R13 have no form without
    if (displacement != 0 || needed) {
      text.append(displacement < 0 ? '-' : '+').append(number(Math.abs((long) displacement)));
    }
    return text.append(']').toString();
  }
}
