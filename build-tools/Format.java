import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions.Style;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Formats every Java source below the given folder with google-java-format, or (`check`) fails and names
/// the files that differ.
///
/// A program of its own, run by the build on JDK 25: Maven may run on 17, where Spotless cannot load a
/// google-java-format that parses Java 25.
///
///     mvn -N validate -Pformat      # rewrites the sources
final class Format {
  public static void main(String[] args) throws IOException {
    boolean check = args[0].equals("check");
    List<Path> sources = sources(Path.of(args[1]));
    long different = sources.parallelStream().filter(source -> !isRight(source, check)).count();
    if (different > 0) {
      System.err.println(different + " of " + sources.size() + " sources differ; run: mvn -N validate -Pformat");
      System.exit(1);
    }
  }

  /// Whether a source is in the house format, or is now.
  private static boolean isRight(Path source, boolean check) {
    try {
      String before = Files.readString(source);
      String after = format(before);
      if (after.equals(before)) {
        return true;
      }
      if (check) {
        System.err.println("not formatted: " + source);
        return false;
      }
      Files.writeString(source, after);
      System.out.println("formatted: " + source);
      return true;
    } catch (FormatterException e) {
      System.err.println(source + ": " + e.getMessage());
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String format(String source) throws FormatterException {
    String ordered = ImportOrderer.reorderImports(RemoveUnusedImports.removeUnusedImports(source), Style.GOOGLE);
    return new Formatter().formatSource(ordered);
  }

  private static List<Path> sources(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> Stream.of("target", "node_modules", "build-tools", ".git").noneMatch(skipped -> contains(root.relativize(file), skipped)))
          .sorted()
          .toList();
    }
  }

  private static boolean contains(Path path, String name) {
    for (Path part : path) {
      if (part.toString().equals(name)) {
        return true;
      }
    }
    return false;
  }
}
