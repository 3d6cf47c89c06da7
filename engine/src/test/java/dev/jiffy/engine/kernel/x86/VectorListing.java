package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.IntelSyntax.guard;
import static dev.jiffy.engine.kernel.x86.IntelSyntax.memory;
import static dev.jiffy.engine.kernel.x86.IntelSyntax.name;
import static dev.jiffy.engine.kernel.x86.IntelSyntax.number;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.GeneralAssembler.Shift;
import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Memory;
import dev.jiffy.engine.kernel.x86.Operand.Relative;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import dev.jiffy.engine.kernel.x86.VectorOp.Encoding;
import dev.jiffy.engine.kernel.x86.VectorOp.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// All instructions on vectors, in all their forms.
final class VectorListing {
  /// Numbers of registers, so that each bit of each operand's number is on and off.
  private static final int[][] LOW = {{1, 2, 3}, {9, 2, 3}, {1, 10, 3}, {1, 2, 11}, {15, 12, 14}};

  private static final int[][] HIGH = {
    {17, 2, 3}, {1, 18, 3}, {1, 2, 19}, {25, 26, 27}, {14, 13, 31}
  };

  /// What operands an instruction has.
  private enum Shape {
    /// Destination, source.
    TWO,
    /// Destination, source, number.
    TWO_AND_NUMBER,
    /// Destination and two sources.
    THREE,
    /// Destination, two sources, number.
    THREE_AND_NUMBER,
    /// Source, destination.
    STORE,
    /// Source, destination, number.
    STORE_AND_NUMBER,
    /// A method of its own.
    OWN
  }

  private final Listing listing;

  VectorListing(Listing listing) {
    this.listing = listing;
  }

  void all() {
    for (VectorOp op : VectorOp.values()) {
      for (int bytes : widths(op)) {
        registers(op, bytes);
        for (Address address : addresses(op, bytes)) {
          inMemory(op, bytes, address);
        }
        masked(op, bytes);
        relative(op, bytes);
      }
    }
    for (int bytes : new int[] {16, 64}) {
      for (Address address : GeneralListing.addresses()) {
        inMemory(VectorOp.ADDPS, bytes, address);
      }
    }
    comparisons();
    signs();
    conversions();
    blends();
    shifts();
    maskedMoves();
  }

  private static Shape shape(VectorOp op) {
    return switch (op) {
      case MOVUPS,
          BROADCASTSS,
          BROADCASTSD,
          BROADCASTSD_VEX,
          SQRTPS,
          CVTDQ2PS,
          CVTPS2DQ,
          CVTPH2PS,
          PMOVZXBW,
          PMOVZXBD,
          TESTPS ->
          Shape.TWO;
      case ROUNDPS, PERMILPS -> Shape.TWO_AND_NUMBER;
      case SHUFF32X4, SHUFPS, PERM2F128 -> Shape.THREE_AND_NUMBER;
      case MOVUPS_TO, MOVSS_TO, MOVLPS_TO, MOVHPS_TO, PMOVUSDB_TO -> Shape.STORE;
      case EXTRACTF128_TO, EXTRACTF32X8_TO -> Shape.STORE_AND_NUMBER;
      case MOVSS, MOVQ -> Shape.TWO;
      case MASKMOVPS, MASKMOVPS_TO, BLENDVPS, CMPPS, PSHIFTD, PMOVB2M, CVTSI2SS -> Shape.OWN;
      default -> Shape.THREE;
    };
  }

  private static int[] widths(VectorOp op) {
    return switch (op) {
      case EXTRACTF32X8_TO, BROADCASTSD -> new int[] {64};
      case PERM2F128, BROADCASTSD_VEX -> new int[] {32};
      case MOVQ, MOVLPS_TO, MOVHPS_TO -> new int[] {16};
      case PERMPS, SHUFF32X4, EXTRACTF128_TO -> new int[] {32, 64};
      default ->
          op.tuple == Tuple.SCALAR && op != VectorOp.BROADCASTSS
              ? new int[] {16}
              : op.encoding == Encoding.VEX ? new int[] {16, 32} : new int[] {16, 32, 64};
    };
  }

  /// {@return whether an instruction in some form is encoded with EVEX}
  private static boolean isExtended(VectorOp op, int bytes, boolean high) {
    return op.encoding == Encoding.EVEX || bytes == 64 || high;
  }

  private static String mnemonic(VectorOp op, boolean extended) {
    return switch (op) {
      case ROUNDPS -> extended ? "vrndscaleps" : "vroundps";
      case EXTRACTF128_TO -> extended ? "vextractf32x4" : "vextractf128";
      case PDPBUSD_VEX -> "{vex} vpdpbusd";
      case BROADCASTSD_VEX -> "vbroadcastsd";
      default -> "v" + op.name().toLowerCase(Locale.ROOT).replace("_to", "");
    };
  }

  /// {@return the width of a register that takes the place of the operand in memory}
  private static int lastBytes(VectorOp op, int bytes) {
    return Math.clamp(op.tuple.bytes(bytes, false), 16, bytes);
  }

  // ---- forms

  private void registers(VectorOp op, int bytes) {
    boolean moves = shape(op) == Shape.STORE && op.tuple.bytes(bytes, false) == bytes;
    boolean isPart =
        switch (op) {
          case MOVSS, MOVSS_TO, MOVQ, MOVLPS_TO, MOVHPS_TO -> true;
          default -> false;
        };
    if (moves || isPart) {
      return; // between registers these are written as other instructions
    }
    for (int[] numbers : LOW) {
      registers(op, bytes, numbers, isExtended(op, bytes, false));
    }
    if (op.encoding != Encoding.VEX) {
      for (int[] numbers : HIGH) {
        boolean high = numbers[0] > 15 || numbers[2] > 15 || (numbers[1] > 15 && isTernary(op));
        registers(op, bytes, numbers, isExtended(op, bytes, high));
      }
    }
  }

  private static boolean isTernary(VectorOp op) {
    return shape(op) == Shape.THREE || shape(op) == Shape.THREE_AND_NUMBER;
  }

  private void registers(VectorOp op, int bytes, int[] numbers, boolean extended) {
    Vector dst = new Vector(numbers[0], bytes);
    Vector last = new Vector(numbers[2], lastBytes(op, bytes));
    add(op, dst, new Vector(numbers[1], bytes), last, name(last), extended);
  }

  private void inMemory(VectorOp op, int bytes, Address address) {
    Vector dst = new Vector(7 + bytes / 16, bytes);
    boolean extended = isExtended(op, bytes, address.broadcast());
    String text = memory(address, op.tuple.bytes(bytes, address.broadcast()));
    add(op, dst, new Vector(13, bytes), address, text, extended);
  }

  /// Adds an instruction without a mask.
  private void add(
      VectorOp op, Vector dst, Vector x, Operand last, String lastText, boolean extended) {
    String start = mnemonic(op, extended) + " ";
    int immediate = 0x80 | op.opcode % 64;
    String rest = "," + number(immediate);
    String two = name(dst) + "," + lastText;
    String three = name(dst) + "," + name(x) + "," + lastText;
    String store = lastText + "," + name(dst);
    switch (shape(op)) {
      case TWO -> listing.add(start + two, code -> code.op(op, dst, last));
      case TWO_AND_NUMBER ->
          listing.add(start + two + rest, code -> code.op(op, dst, last, immediate));
      case THREE -> listing.add(start + three, code -> code.op(op, dst, x, last));
      case THREE_AND_NUMBER ->
          listing.add(start + three + rest, code -> code.op(op, dst, x, last, immediate));
      case STORE -> listing.add(start + store, code -> code.op(op, dst, last));
      case STORE_AND_NUMBER ->
          listing.add(start + store + rest, code -> code.op(op, dst, last, immediate));
      case OWN -> {}
    }
  }

  /// Addresses whose short displacements are multiples of what the instruction touches, or not.
  private static List<Address> addresses(VectorOp op, int bytes) {
    int unit = op.tuple.bytes(bytes, false);
    List<Address> addresses =
        new ArrayList<>(
            List.of(
                at(Register.RDX),
                at(Register.R13, unit),
                at(Register.RSP, -unit - 1),
                at(Register.R12, Register.RAX, 2, 127 * unit),
                at(Register.RBP, Register.R9, 8, -129 * unit)));
    if (op.tuple == Tuple.FULL && op.encoding != Encoding.VEX) {
      addresses.add(at(Register.RSI, 4).repeated());
      addresses.add(at(Register.R11, Register.R15, 4, -512).repeated());
      addresses.add(at(Register.RBX, 130).repeated());
    }
    return addresses;
  }

  private void masked(VectorOp op, int bytes) {
    if (op.encoding == Encoding.VEX) {
      return;
    }
    Vector dst = new Vector(5, bytes);
    Vector x = new Vector(22, bytes);
    Address address = at(Register.R10, 2 * op.tuple.bytes(bytes, false));
    String text = memory(address, op.tuple.bytes(bytes, false));
    String start = mnemonic(op, true) + " ";
    for (int number : new int[] {1, 6}) {
      Mask mask = new Mask(number);
      boolean zeroing = number == 1;
      String guarded = name(dst) + guard(mask, zeroing) + ",";
      switch (shape(op)) {
        case TWO ->
            listing.add(start + guarded + text, code -> code.op(op, dst, address, mask, zeroing));
        case THREE ->
            listing.add(
                start + guarded + name(x) + "," + text,
                code -> code.op(op, dst, x, address, mask, zeroing));
        case STORE ->
            listing.add(
                start + text + guard(mask, false) + "," + name(dst),
                code -> code.op(op, dst, address, mask, false));
        case TWO_AND_NUMBER, THREE_AND_NUMBER, STORE_AND_NUMBER, OWN -> {}
      }
    }
  }

  /// Constants within the code, before and after the instruction.
  private void relative(VectorOp op, int bytes) {
    if (shape(op) != Shape.THREE && shape(op) != Shape.THREE_AND_NUMBER) {
      return;
    }
    Vector dst = new Vector(12, bytes);
    Vector x = new Vector(3, bytes);
    boolean broadcast = bytes == 64 && op.tuple == Tuple.FULL;
    int size = op.tuple.bytes(bytes, broadcast);
    boolean numbered = shape(op) == Shape.THREE_AND_NUMBER;
    String start = mnemonic(op, isExtended(op, bytes, false)) + " " + name(dst) + "," + name(x);
    String end = numbered ? ",0x1" : "";
    listing.add(
        start + "," + IntelSyntax.relative(2, size, broadcast) + end + "; cpuid",
        code -> {
          Label label = new Label();
          Memory memory = new Relative(label, broadcast);
          if (numbered) {
            code.op(op, dst, x, memory, 1);
          } else {
            code.op(op, dst, x, memory);
          }
          code.cpuid();
          code.bind(label);
        });
    int length = 8 + (isExtended(op, bytes, false) ? 2 : isShort(op) ? 0 : 1) + (numbered ? 1 : 0);
    listing.add(
        "cpuid; " + start + "," + IntelSyntax.relative(-2 - length, size, broadcast) + end,
        code -> {
          Memory memory = new Relative(code.here(), broadcast);
          code.cpuid();
          if (numbered) {
            code.op(op, dst, x, memory, 1);
          } else {
            code.op(op, dst, x, memory);
          }
        });
  }

  /// {@return whether two bytes of VEX suffice}
  private static boolean isShort(VectorOp op) {
    return op.map == 1 && op.wide == 0;
  }

  // ---- instructions with methods of their own

  private static String suffix(Predicate predicate) {
    return switch (predicate) {
      case EQUAL -> "eq";
      case LESS -> "lt_oq";
      case LESS_OR_EQUAL -> "le_oq";
      case GREATER -> "gt_oq";
      case GREATER_OR_EQUAL -> "ge_oq";
      case NOT_EQUAL -> "neq";
      case DIFFERENT -> "neq_oq";
      case NOT_LESS -> "nlt_uq";
      case UNORDERED -> "unord";
    };
  }

  private void signs() {
    for (int bytes : new int[] {16, 32, 64}) {
      for (int number : new int[] {2, 11, 21, 30}) {
        Vector x = new Vector(number, bytes);
        Mask mask = new Mask(1 + number % 7);
        listing.add("vpmovb2m k" + mask.number() + "," + name(x), code -> code.signs(mask, x));
      }
    }
  }

  private void conversions() {
    for (int number : new int[] {1, 9, 17, 31}) {
      Vector dst = Vector.xmm(number);
      for (Register register : Register.values()) {
        listing.add(
            "vcvtsi2ss " + name(dst) + "," + name(dst) + "," + name(register),
            code -> code.convert(dst, register));
      }
    }
  }

  private void comparisons() {
    for (Predicate predicate : Predicate.values()) {
      String start = "vcmp" + suffix(predicate) + "ps ";
      int immediate = predicate.immediate;
      for (int bytes : new int[] {16, 32, 64}) {
        Vector x = new Vector(10, bytes);
        Vector y = new Vector(bytes == 64 ? 29 : 14, bytes);
        Vector dst = new Vector(9, bytes);
        Mask mask = new Mask(predicate.immediate % 8);
        Address repeated = at(Register.R14, -4).repeated();
        String operands = "," + name(x) + "," + name(y);
        listing.add(
            start + "k" + mask.number() + operands, code -> code.compare(mask, x, y, immediate));
        listing.add(
            start + "k" + mask.number() + "," + name(x) + "," + memory(repeated, 4),
            code -> code.compare(mask, x, repeated, immediate));
        if (bytes < 64) {
          listing.add(
              start + name(dst) + operands, code -> code.op(VectorOp.CMPPS, dst, x, y, immediate));
        }
      }
    }
  }

  private void blends() {
    for (int bytes : new int[] {16, 32}) {
      for (int[] n : LOW) {
        Vector dst = new Vector(n[0], bytes);
        Vector x = new Vector(n[1], bytes);
        Vector y = new Vector(n[2], bytes);
        Vector mask = new Vector(15 - n[0], bytes);
        Address address = at(Register.R9, Register.R8, 1, 100);
        String start = "vblendvps " + name(dst) + "," + name(x) + ",";
        listing.add(start + name(y) + "," + name(mask), code -> code.blend(dst, x, y, mask));
        listing.add(
            start + memory(address, bytes) + "," + name(mask),
            code -> code.blend(dst, x, address, mask));
      }
    }
  }

  private void shifts() {
    for (Shift shift : Shift.values()) {
      String start =
          switch (shift) {
            case LEFT -> "vpslld ";
            case RIGHT -> "vpsrld ";
            case RIGHT_SIGNED -> "vpsrad ";
          };
      for (int bytes : new int[] {16, 32, 64}) {
        for (int[][] registers : new int[][][] {LOW, HIGH}) {
          for (int[] n : registers) {
            Vector dst = new Vector(n[0], bytes);
            Vector x = new Vector(n[2], bytes);
            listing.add(
                start + name(dst) + "," + name(x) + ",0x17", code -> code.shift(shift, dst, x, 23));
          }
        }
      }
    }
  }

  private void maskedMoves() {
    for (int bytes : new int[] {16, 32}) {
      for (int[] n : LOW) {
        Vector vector = new Vector(n[0], bytes);
        Vector mask = new Vector(n[1], bytes);
        for (Address address : addresses(VectorOp.MASKMOVPS, bytes)) {
          String memory = memory(address, bytes);
          listing.add(
              "vmaskmovps " + name(vector) + "," + name(mask) + "," + memory,
              code -> code.loadMasked(vector, mask, address));
          listing.add(
              "vmaskmovps " + memory + "," + name(mask) + "," + name(vector),
              code -> code.storeMasked(vector, mask, address));
        }
      }
    }
  }
}
