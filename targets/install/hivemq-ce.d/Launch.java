import com.hivemq.embedded.EmbeddedHiveMQ;
import java.nio.file.Files;
import java.nio.file.Path;

/** HiveMQ CE: Launch FOLDER [DATA], where FOLDER has a config.xml. SIGTERM stops it in good order. */
class Launch {
	public static void main(String[] args) {
		try {
			start(Path.of(args[0]), args.length > 1 ? Path.of(args[1]) : Path.of(args[0], "data"));
			Thread.currentThread().join();
		} catch (Throwable e) { // whatever threads it has started: it does not run
			e.printStackTrace();
			Runtime.getRuntime().halt(1);
		}
	}

	private static void start(Path folder, Path data) throws Exception {
		Path extensions = folder.resolve("extensions");

		Files.createDirectories(data);
		Files.createDirectories(extensions);
		EmbeddedHiveMQ broker = EmbeddedHiveMQ.builder()
						.withConfigurationFolder(folder)
						.withDataFolder(data)
						.withExtensionsFolder(extensions)
						.build();
		Runtime.getRuntime().addShutdownHook(new Thread(() -> broker.stop().join()));
		broker.start().join();
	}
}
