package org.hearth.server.services.account;

/// What one Argon2id hash costs.
///
/// **source**: [RFC 9106, section 4](https://www.rfc-editor.org/rfc/rfc9106#section-4) on choosing
/// parameters.
///
/// @param memoryKib memory in KiB, 8 KiB a lane to 128 MiB
/// @param passes how often the memory is filled
/// @param lanes how many parts of the memory are independent
public record PasswordCost(int memoryKib, int passes, int lanes) {
  private static final int MAX_MEMORY_KIB = 128 * 1024;
  private static final int MAX_PASSES = 16;
  private static final int MAX_LANES = 8;

  /// 19 MiB, two passes, one lane: what a computer at home does in about a tenth of a second.
  public static final PasswordCost DEFAULT = new PasswordCost(19 * 1024, 2, 1);

  /// As little as the algorithm allows, for tests.
  public static final PasswordCost LOWEST = new PasswordCost(8, 1, 1);

  /// Refuses parameters that the algorithm does not have, or that make one hash too expensive.
  public PasswordCost {
    if (lanes < 1 || lanes > MAX_LANES) {
      throw new IllegalArgumentException("lanes must be 1 to 8, but are " + lanes);
    }
    if (memoryKib < 8 * lanes || memoryKib > MAX_MEMORY_KIB) {
      throw new IllegalArgumentException(
          "memory must be 8 KiB a lane to 128 MiB, but is " + memoryKib + " KiB");
    }
    if (passes < 1 || passes > MAX_PASSES) {
      throw new IllegalArgumentException("passes must be 1 to 16, but are " + passes);
    }
  }
}
