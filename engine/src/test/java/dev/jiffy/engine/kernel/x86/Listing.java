package dev.jiffy.engine.kernel.x86;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;

/// Instructions as bytes and as text.
final class Listing {
  private final List<String> lines = new ArrayList<>();

  /// {@return the instructions, each as its bytes in hexadecimal, a tab, and its text}
  List<String> lines() {
    return lines;
  }

  /// Adds an instruction, or a few that are separated by `; ` in the text.
  ///
  /// @param text what the disassembler must say
  /// @param instruction writes it
  void add(String text, Consumer<Assembler> instruction) {
    Assembler code = new Assembler();
    instruction.accept(code);
    lines.add(HexFormat.of().formatHex(code.finish()) + "\t" + text);
  }
}
