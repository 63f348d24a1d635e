package org.hearth.server;

/// The version of this program.
public final class ProductVersion {
  private ProductVersion() {}

  /// The version that the jar bears, or `development` when run from classes.
  ///
  /// @return such as `0.1.0-SNAPSHOT`
  public static String current() {
    String version = ProductVersion.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
