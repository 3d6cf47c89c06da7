package dev.jiffy.server.grpc;

import dev.jiffy.protocol.ProtocolException;
import org.jspecify.annotations.Nullable;

/// The header `grpc-timeout`: at most eight digits and a unit.
final class Timeout {
  private static final int MAX_DIGITS = 8;

  private Timeout() {}

  /// {@return the time in nanoseconds, 0 where there is no header}
  ///
  /// @throws ProtocolException if it is malformed
  static long nanos(@Nullable String value) {
    if (value == null) {
      return 0;
    }
    int digits = value.length() - 1;
    long number = 0;
    boolean isNumber = digits >= 1 && digits <= MAX_DIGITS;
    for (int i = 0; isNumber && i < digits; i++) {
      isNumber = value.charAt(i) >= '0' && value.charAt(i) <= '9';
      number = number * 10 + value.charAt(i) - '0';
    }
    long unit =
        isNumber
            ? switch (value.charAt(digits)) {
              case 'H' -> 3_600_000_000_000L;
              case 'M' -> 60_000_000_000L;
              case 'S' -> 1_000_000_000L;
              case 'm' -> 1_000_000L;
              case 'u' -> 1_000L;
              case 'n' -> 1L;
              default -> 0L;
            }
            : 0;
    if (unit == 0) {
      throw new ProtocolException(400, "the header grpc-timeout is malformed");
    }
    return Math.max(1, number > Long.MAX_VALUE / 4 / unit ? Long.MAX_VALUE / 4 : number * unit);
  }
}
