package dev.jiffy.server.watch;

import org.jspecify.annotations.Nullable;

/// The trace to which a request belongs, as the headers `traceparent` and `tracestate` say.
///
/// Source: W3C Trace Context.
///
/// @param traceId 32 hexadecimal digits
/// @param spanId the caller's span, 16 hexadecimal digits
/// @param isSampled whether the caller records the trace
/// @param state what tracing systems pass along, empty for nothing
public record TraceContext(String traceId, String spanId, boolean isSampled, String state) {
  private static final int LENGTH = 55;
  private static final int MOST_STATE = 512;

  /// {@return the trace, null where there is no header or it is malformed}
  ///
  /// @param parent the header `traceparent`
  /// @param state the header `tracestate`
  public static @Nullable TraceContext of(@Nullable String parent, @Nullable String state) {
    if (parent == null
        || parent.length() < LENGTH
        || parent.charAt(2) != '-'
        || parent.charAt(35) != '-'
        || parent.charAt(52) != '-') {
      return null;
    }
    String version = parent.substring(0, 2);
    boolean isLonger = parent.length() > LENGTH;
    boolean fits = version.equals("00") ? !isLonger : !isLonger || parent.charAt(LENGTH) == '-';
    String trace = parent.substring(3, 35);
    String span = parent.substring(36, 52);
    String flags = parent.substring(53, LENGTH);
    if (!fits
        || version.equals("ff")
        || !isHex(version)
        || !isHex(flags)
        || !isId(trace)
        || !isId(span)) {
      return null;
    }
    boolean isSampled = (Character.digit(flags.charAt(1), 16) & 1) != 0;
    boolean isKept = state != null && state.length() <= MOST_STATE;
    return new TraceContext(trace, span, isSampled, isKept ? String.valueOf(state) : "");
  }

  private static boolean isId(String id) {
    return isHex(id) && id.chars().anyMatch(digit -> digit != '0');
  }

  private static boolean isHex(String text) {
    return text.chars()
        .allMatch(digit -> (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f'));
  }
}
