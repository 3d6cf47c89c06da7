package dev.jiffy.cli;

import dev.jiffy.engine.system.CLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A service manager's end of its socket.
final class NotifySocket implements AutoCloseable {
  private static final int AT_ONCE = 0x40;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment buffer = arena.allocate(4096);
  private final int descriptor;

  /// Listens.
  ///
  /// @param name a path, or `@` and a name
  NotifySocket(String name) {
    descriptor = CLibrary.call("socket", 1, 2, 0);
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    MemorySegment address = arena.allocate(110, 2);
    address.set(ValueLayout.JAVA_SHORT, 0, (short) 1);
    MemorySegment.copy(bytes, 0, address, ValueLayout.JAVA_BYTE, 2, bytes.length);
    if (bytes[0] == '@') {
      address.set(ValueLayout.JAVA_BYTE, 2, (byte) 0);
    }
    long length = 2L + bytes.length + (bytes[0] == '@' ? 0 : 1);
    if (CLibrary.call("bind", descriptor, address.address(), length) != 0) {
      throw new IllegalStateException("cannot listen on " + name);
    }
  }

  /// {@return what has been told so far and not been read}
  List<String> told() {
    List<String> told = new ArrayList<>();
    while (true) {
      int bytes = CLibrary.call("recv", descriptor, buffer.address(), buffer.byteSize(), AT_ONCE);
      if (bytes < 0) {
        return told;
      }
      told.add(
          new String(
              buffer.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
    }
  }

  @Override
  public void close() {
    CLibrary.call("close", descriptor);
    arena.close();
  }
}
