package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.IntelSyntax.low;
import static dev.jiffy.engine.kernel.x86.IntelSyntax.memory;
import static dev.jiffy.engine.kernel.x86.IntelSyntax.name;
import static dev.jiffy.engine.kernel.x86.IntelSyntax.number;
import static dev.jiffy.engine.kernel.x86.IntelSyntax.place;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu;
import dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition;
import dev.jiffy.engine.kernel.x86.GeneralAssembler.Shift;
import dev.jiffy.engine.kernel.x86.Operand.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// All instructions but those on vectors.
final class GeneralListing {
  private static final int[] DISPLACEMENTS = {
    0, 1, -1, 64, -64, 127, 128, -128, -129, 256, 8128, 8192, -8192, -8256, 1 << 20, -(1 << 30)
  };

  private static final int[] NUMBERS = {0, 1, -1, 127, 128, -128, -129, 0x1234567, -0x1234567};

  private final Listing listing;

  GeneralListing(Listing listing) {
    this.listing = listing;
  }

  void all() {
    for (Address address : addresses()) {
      listing.add("lea rcx," + place(address), code -> code.lea(Register.RCX, address));
    }
    for (Register register : Register.values()) {
      one(register);
      for (Register other : List.of(Register.RCX, Register.RSP, Register.R8, Register.R15)) {
        two(register, other);
      }
    }
    for (Register register : List.of(Register.RAX, Register.RBP, Register.R9, Register.R12)) {
      for (Address address : fewAddresses()) {
        memories(register, address);
      }
    }
    for (Address address : fewAddresses()) {
      prefetches(address);
    }
    masks();
    matrices();
    jumps();
    listing.add("ret", Assembler::ret);
    listing.add("cpuid", Assembler::cpuid);
    listing.add("xgetbv", Assembler::xgetbv);
    listing.add("vzeroupper", Assembler::vzeroupper);
  }

  /// {@return every base with every displacement, and with every index}
  static List<Address> addresses() {
    List<Address> addresses = new ArrayList<>();
    for (Register base : Register.values()) {
      for (int displacement : DISPLACEMENTS) {
        addresses.add(at(base, displacement));
      }
      for (Register index : Register.values()) {
        if (index != Register.RSP) {
          int number = addresses.size();
          int displacement = DISPLACEMENTS[number % DISPLACEMENTS.length];
          addresses.add(at(base, index, 1 << number % 4, displacement));
        }
      }
    }
    return addresses;
  }

  private static List<Address> fewAddresses() {
    return List.of(
        at(Register.RDX),
        at(Register.RBP),
        at(Register.RSP, 8),
        at(Register.R12, -128),
        at(Register.R13, 128),
        at(Register.RSI, Register.R10, 4, 0),
        at(Register.R8, Register.RBP, 8, -4));
  }

  private void one(Register register) {
    String name = name(register);
    listing.add("push " + name, code -> code.push(register));
    listing.add("pop " + name, code -> code.pop(register));
    listing.add("shl " + name + ",cl", code -> code.shiftLeft(register));
    listing.add("imul " + name, code -> code.imulHigh(register));
    listing.add("test " + name + "," + name, code -> code.test(register));
    for (int value : NUMBERS) {
      listing.add("mov " + name + "," + number(value), code -> code.mov(register, value));
      listing.add("test " + name + "," + number(value), code -> code.test(register, value));
      for (Alu alu : Alu.values()) {
        listing.add(
            alu.name().toLowerCase(Locale.ROOT) + " " + name + "," + number(value),
            code -> code.alu(alu, register, value));
      }
    }
    for (long value : new long[] {1L << 31, -1L << 40, Long.MAX_VALUE, 0x123456789abcdefL}) {
      listing.add("movabs " + name + "," + number(value), code -> code.mov(register, value));
    }
    for (int bits : new int[] {2, 31, 63}) {
      for (Shift shift : Shift.values()) {
        String operation =
            switch (shift) {
              case LEFT -> "shl ";
              case RIGHT -> "shr ";
              case RIGHT_SIGNED -> "sar ";
            };
        listing.add(
            operation + name + "," + number(bits), code -> code.shift(shift, register, bits));
      }
    }
  }

  private void two(Register register, Register other) {
    String names = " " + name(register) + "," + name(other);
    listing.add("mov" + names, code -> code.mov(register, other));
    listing.add("imul" + names, code -> code.imul(register, other));
    listing.add("imul" + names + ",0x180", code -> code.imul(register, other, 0x180));
    for (Alu alu : Alu.values()) {
      listing.add(
          alu.name().toLowerCase(Locale.ROOT) + names, code -> code.alu(alu, register, other));
    }
  }

  private void memories(Register register, Address address) {
    String name = name(register);
    String from = "," + memory(address, 8);
    listing.add("mov " + name + from, code -> code.load(register, address));
    listing.add("mov " + memory(address, 8) + "," + name, code -> code.store(register, address));
    listing.add(
        "movsxd " + name + "," + memory(address, 4), code -> code.loadInt(register, address));
    listing.add(
        "mov " + memory(address, 4) + "," + low(register),
        code -> code.storeInt(register, address));
    listing.add(
        "mov " + low(register) + "," + memory(address, 4),
        code -> code.loadUnsigned(register, address));
    listing.add(
        "movzx " + low(register) + "," + memory(address, 2),
        code -> code.loadShort(register, address));
    listing.add(
        "movzx " + low(register) + "," + memory(address, 1),
        code -> code.loadByte(register, address));
    listing.add(
        "cmp " + memory(address, 4) + "," + low(register),
        code -> code.compareInt(address, register));
    for (Alu alu : Alu.values()) {
      listing.add(
          alu.name().toLowerCase(Locale.ROOT) + " " + name + from,
          code -> code.alu(alu, register, address));
    }
  }

  private void prefetches(Address address) {
    List<String> names = List.of("prefetchnta", "prefetcht0", "prefetcht1", "prefetcht2");
    for (int level = 0; level < names.size(); level++) {
      int wanted = level;
      listing.add(
          names.get(level) + " " + memory(address, 1), code -> code.prefetch(address, wanted));
    }
    listing.add("prefetchw " + memory(address, 1), code -> code.prefetchForWrite(address));
  }

  private void masks() {
    for (int mask = 0; mask < 8; mask++) {
      Mask used = new Mask(mask);
      listing.add("kortestw k" + mask + ",k" + mask, code -> code.test(used));
      for (Register register : Register.values()) {
        listing.add("kmovd k" + mask + "," + low(register), code -> code.kmov(used, register));
      }
    }
  }

  private void matrices() {
    listing.add("tilerelease", Assembler::releaseTiles);
    for (Address address : fewAddresses()) {
      listing.add("ldtilecfg " + place(address), code -> code.loadTileShapes(address));
    }
    for (int tile = 0; tile < 8; tile++) {
      int sums = tile;
      int a = (tile + 3) % 8;
      int b = (tile + 6) % 8;
      String tiles = " tmm" + sums + ",tmm" + a + ",tmm" + b;
      listing.add("tilezero tmm" + tile, code -> code.zeroTile(sums));
      listing.add("tdpbf16ps" + tiles, code -> code.multiplyBf16(sums, a, b));
      listing.add("tdpbusd" + tiles, code -> code.multiplyBytes(sums, a, b));
      for (Address address : addresses()) {
        if (address.index() != null && address.base().number() % 8 == tile) {
          String place = place(address);
          listing.add("tileloadd tmm" + tile + "," + place, code -> code.loadTile(sums, address));
          listing.add("tilestored " + place + ",tmm" + tile, code -> code.storeTile(sums, address));
        }
      }
    }
  }

  private void jumps() {
    listing.add("jmp 0x0", code -> code.jump(code.here()));
    listing.add(
        "cpuid; jmp 0x0",
        code -> {
          Label start = code.here();
          code.cpuid();
          code.jump(start);
        });
    listing.add(
        "jmp 0x7; cpuid; ret",
        code -> {
          Label end = new Label();
          code.jump(end);
          code.cpuid();
          code.bind(end);
          code.ret();
        });
    for (Condition condition : Condition.values()) {
      String name =
          switch (condition) {
            case BELOW -> "jb";
            case ABOVE_OR_EQUAL -> "jae";
            case EQUAL -> "je";
            case NOT_EQUAL -> "jne";
            case LESS -> "jl";
            case GREATER_OR_EQUAL -> "jge";
            case LESS_OR_EQUAL -> "jle";
            case GREATER -> "jg";
          };
      listing.add(
          name + " 0xd; " + name + " 0x0; ret",
          code -> {
            Label start = code.here();
            Label end = new Label();
            code.jump(condition, end);
            code.jump(condition, start);
            code.ret();
            code.bind(end);
          });
    }
  }
}
