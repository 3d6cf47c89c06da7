package dev.jiffy.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
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
  NotifySocket(String name) throws Throwable {
    descriptor = (int) function("socket", 3).invokeExact(1L, 2L, 0L);
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    MemorySegment address = arena.allocate(110, 2);
    address.set(ValueLayout.JAVA_SHORT, 0, (short) 1);
    MemorySegment.copy(bytes, 0, address, ValueLayout.JAVA_BYTE, 2, bytes.length);
    if (bytes[0] == '@') {
      address.set(ValueLayout.JAVA_BYTE, 2, (byte) 0);
    }
    long length = 2L + bytes.length + (bytes[0] == '@' ? 0 : 1);
    int bound = (int) function("bind", 3).invokeExact((long) descriptor, address.address(), length);
    if (bound != 0) {
      throw new IllegalStateException("cannot listen on " + name);
    }
  }

  /// {@return what has been told so far and not been read}
  List<String> told() throws Throwable {
    List<String> told = new ArrayList<>();
    while (true) {
      int bytes =
          (int)
              function("recv", 4)
                  .invokeExact(
                      (long) descriptor, buffer.address(), buffer.byteSize(), (long) AT_ONCE);
      if (bytes < 0) {
        return told;
      }
      told.add(
          new String(
              buffer.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name, int arguments) {
    ValueLayout[] numbers = new ValueLayout[arguments];
    Arrays.fill(numbers, ValueLayout.JAVA_LONG);
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, numbers));
  }

  @Override
  public void close() {
    try {
      int _ = (int) function("close", 1).invokeExact((long) descriptor);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    arena.close();
  }
}
