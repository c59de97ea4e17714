/** A library, as its agent sees it. Each call returns at once; the agent is told when its outcome is known. */
interface Client {
	void connect(long id, Command c) throws Exception;

	void subscribe(long id, Command c) throws Exception;

	void unsubscribe(long id, Command c) throws Exception;

	void publish(long id, Command c) throws Exception;

	void disconnect(long id, Command c) throws Exception;

	default void authenticate(long id, Command c) throws Exception {
		throw new Unsupported("authenticate");
	}
}
