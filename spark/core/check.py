def check_module(cls): raise NotImplementedError
